import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';

/**
 * A replay of one recording, as its runner sees it: a deterministic function of the recording's messages, which
 * can be stopped after any of them and continued in another process.
 */
export interface Replay {
  /** Messages of the recording that were replayed so far, those of earlier processes included. */
  readonly messages: number;
  /** Whether `write` may be called: the recording has told enough to begin. */
  readonly canBeWritten: boolean;
  /** 0 … 1 by the bytes that were read. */
  progress(): number;
  /** Replays up to so many messages; false when the recording has ended. */
  advance(messages: number): Promise<boolean>;
  /** What the replay found so far. */
  report(): ReplayReport;
  write(writer: CanonicalWriter): void;
  /** Into a replay that has not begun: reads the state and steps over what was replayed. */
  resume(reader: CanonicalReader): Promise<void>;
  /** Throws when the engine's invariants do not hold. */
  check(): void;
  close(): Promise<void>;
}

/** The names of these fields are fixed: other programs read them. */
export interface ReplayReport {
  /** Rows of the recording that show a book to compare ours with. */
  rows: number;
  rowsEqual: number;
  /** Share of rows in which the level is equal on both sides, best level first. */
  levelsEqual: number[];
  executions: number;
  executionsAtQueueHead: number;
  /** SHA-256 of our engine's state after the last message. */
  stateHash: string;
  [counter: string]: number | string | number[];
}
