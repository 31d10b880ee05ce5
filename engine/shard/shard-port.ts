/** Share of a ring of commands that is kept for what may not wait. */
export const RESERVED_SHARE = 1 / 4;

/**
 * A gateway's (or the admin API's) door to a shard, the same for every layout: in `inline` a direct call, in
 * `compact` and `spread` a pair of rings in SharedArrayBuffers.
 */
export interface ShardPort {
  /** Bits 24–31 of W_SESSION of every command sent here; 1 … 127. */
  readonly portId: number;
  /**
   * Copies one message (all its slots) towards the shard. False: the ring is full, nothing was sent; answer
   * `busy` to the client. Messages arrive in the order of the calls. `leavesRoom`: what can wait leaves a part of the ring
   * (RESERVED_SHARE) to what cannot, so that there is room for a cancel when there is none for an order; and while the shard cannot
   * write its journal it is refused, because an order that waits for a disk trades at prices of another time.
   */
  trySend(words: Int32Array, firstWord: number, slots: number, leavesRoom?: boolean): boolean;
  /** Sends several messages or none, so that a batch is never cut by a full ring. */
  trySendAll(words: Int32Array, firstWord: number, slots: number, leavesRoom?: boolean): boolean;
  /** Makes what was sent visible and wakes the shard. Call once after a burst. */
  flush(): void;
  /**
   * The single consumer of events. Called with whole messages, from word `firstWord` for `slots` slots; the arrays are
   * only valid during the call. `words` and `floats` are views of the same bytes. Every port sees all events of the shard.
   * Null: nobody consumes, and what happens until there is somebody again is not kept.
   */
  onEvents(consume: EventConsumer | null): void;
  /** Ring occupancy: 0 … 1 in, and 1 while the shard cannot write its journal; 0 … 1 out. */
  occupancy(): { inbound: number; outbound: number };
}

export type EventConsumer = (
  words: Int32Array,
  floats: Float64Array,
  firstWord: number,
  slots: number,
) => void;
