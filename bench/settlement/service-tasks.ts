import type { BusWanted } from './running-settlement.js';

export type ServiceTask =
  /** Feeds a shard with a running settlement at each rate in turn, until one holds. */
  | {
      kind: 'lag';
      accounts: number;
      /** Fills a second, falling. */
      rates: number[];
      seconds: number;
      bus: BusWanted;
    }
  /** A workload at full speed, with or without a settlement behind the shard. */
  | { kind: 'engine'; accounts: number; file: string; ops: number; bus: BusWanted | null };

/** One rate, held for some seconds. */
export interface LagAtRate {
  fillsPerSecond: number;
  /** Reached by the engine: less when the machine could not even trade so fast beside the rest. */
  fedPerSecond: number;
  fills: number;
  /** From the time of the fill in the engine until the ledger knows that its batch is on chain. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of the batches: why it takes so long. Medians. */
  batches: number;
  entriesABatch: number;
  fillsABatch: number;
  transactionsABatch: number;
  /** From the first transaction to the word that it is settled. */
  settlingMs: number;
  /** Of that, by kind of transaction, from the first one written down to the last one confirmed; medians of the batches that had any. */
  phasesMs: Record<string, number>;
  /** From the oldest fill until the batch was made. */
  waitingMs: number;
  /** Cores, by part. */
  cores: Record<string, number | null>;
  /** Until everything was settled, after the last fill. */
  drainMs: number;
}

export interface ServiceAnswer {
  /** `engine`: commands a second. */
  perSecond: number;
  trades: number;
  lags: LagAtRate[];
  sentence: string;
  windowMs: number;
  entriesMax: number;
  setUpMs: number;
  error?: string;
}

/** The goal: p99. */
export const LAG_MS_GOAL = 2_000;
