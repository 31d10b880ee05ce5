import type { Collected } from './feed-walk.js';

/** The events of the private feeds of one shard's accounts, wherever they are kept. */
export interface PrivateEvents {
  /** Appends an event that has a number in its account's feed; one that is there already is ignored. */
  append(
    words: Int32Array,
    floats: Float64Array,
    firstWord: number,
    epoch: number,
    timeMs: number,
  ): void;
  /** Number of the account's last event, 0 when it has none. */
  lastOf(account: number): number;
  /**
   * The account's events after `sequence`, oldest first, provided that the event with that number is there and carries the epoch (0 stands
   * for the beginning). Null: too old, or numbers of an epoch that was lost. A promise only when they have to be fetched.
   */
  after(
    account: number,
    epoch: number,
    sequence: number,
  ): Collected | null | Promise<Collected | null>;
  /** The account's newest events, oldest first: `most` of them, or as many as there still are. */
  recent(account: number, most: number): Collected | null | Promise<Collected | null>;
  /** Lets files follow; to be called now and then. */
  flush(): void;
  close(): Promise<void>;
}
