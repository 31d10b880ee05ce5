import type { BusLocation } from '../../settlement/bus/provide-bus.js';

/** What one process of the way from the journal to the ledger is asked to do; each is a fresh process. */
export type StageTask =
  /** Trades in a real shard until its journal has so many fills. */
  | { kind: 'journal'; dataDir: string; fills: number; accounts: number }
  /** Reads the journal and publishes it, as the exchange's outbox does, from the moment when the reader says that it is there. */
  | { kind: 'publish'; dataDir: string; bus: BusLocation; readyFile: string }
  /** Reads the bus into a ledger of its own until it has so many fills, and nets them into one batch. */
  | { kind: 'take'; dataDir: string; bus: BusLocation; readyFile: string; fills: number }
  /** Folds the journal into items, and nets these, without bus and ledger. */
  | { kind: 'net'; dataDir: string; passes: number };

export interface StageAnswer {
  /** Of the stage's own work. `publish`, `take`: since 1970, so that processes can be compared. */
  startMs: number;
  endMs: number;
  fills: number;
  /** `take`: when how many fills were in the ledger, a quarter of them. */
  warmMs: number;
  warmFills: number;
  /** Processor time between the two, of all threads. */
  cpuMs: number;
  /** `publish`: packs that left, and their bytes. */
  packs: number;
  bytes: number;
  /** `take`: of building one batch out of the ledger; `net`: median of netting what is in memory. */
  nettingMs: number;
  entries: number;
  error?: string;
}
