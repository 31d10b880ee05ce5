import type { BusLocation } from '../../settlement/bus/provide-bus.js';
import type { ChainReady } from '../../settlement/chain/embedded/process-client.js';

/** What the settlement process is started with. */
export interface SettlementStart {
  dataDir: string;
  bus: BusLocation;
  chain: ChainPlace;
  admin: { host: string; port: number; token: string };
  host: string;
  custodyPort: number;
  windowMs: number;
  batchEntriesMax: number;
  /** Pyth's feeds by symbol, hexadecimal. */
  feeds: Record<string, string>;
  /** Owner of the account that newcomers try things out with, base58; null: there is none. */
  demoOwner: string | null;
}

export type ChainPlace =
  | { kind: 'embedded'; ready: ChainReady }
  | { kind: 'rpc'; urls: string[]; mint: string; founder: string | null };

export interface SettlementReady {
  custodyPort: number;
  /** Of the exchange on chain, base58. */
  exchange: string;
}

/** What the settlement says of itself once a second. */
export interface SettlementFigures {
  builtBatch: number;
  settledBatch: number;
  /** Fills and payments that are not settled, and the age of the oldest. */
  lagItems: number;
  lagSeconds: number;
  feesPaidLamports: number;
  openDeadLetters: number;
  /** By severity. */
  alarms: { warning: number; critical: number; halt: number };
}
