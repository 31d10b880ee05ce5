import type { Alarm } from './alarms.js';
import type { JournalPlace } from './coverage.js';
import type { StreamCursor } from './streams.js';

/** How far settlement is, asked for every second: nothing in it takes longer as the ledger grows. Times are milliseconds since 1970. */
export interface LedgerProgress {
  /** Nothing may be sent to the chain. */
  readonly isHalted: boolean;
  /** Taken in, and in no batch yet. */
  readonly waitingItems: number;
  /** In a batch that the chain does not have yet. */
  readonly unsettledItems: number;
  /** Both together: how far the chain is behind what was taken in. */
  readonly lagItems: number;
  /** Age of the oldest item that is not settled; 0: all are. */
  readonly lagSeconds: number;
  readonly batch: {
    readonly built: number;
    readonly settled: number;
    /** Hex, of the newest one that was built; null: none was. */
    readonly hash: string | null;
    /** Of the newest settled one; null: unknown. */
    readonly computeUnits: number | null;
    readonly entries: number;
  };
  readonly feesPaidLamports: number;
  readonly deadLetters: { readonly open: number; readonly parked: number };
  readonly alarms: readonly Alarm[];
}

/** What an operator sees. */
export interface LedgerStatus extends LedgerProgress {
  readonly file: string;
  readonly streams: readonly StreamCursor[];
  readonly coverage: readonly JournalPlace[];
  /** How many there ever were, by state. */
  readonly deposits: Readonly<Record<string, number>>;
  readonly withdrawals: Readonly<Record<string, number>>;
}
