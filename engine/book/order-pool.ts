/**
 * Open orders as 64-byte records in one buffer, addressed by slot. Slot 0 is never used, so that 0 means
 * "none" in every link. Freed slots form a list through W_NEXT; nothing is allocated until the pool is full.
 */
export const RECORD_WORDS = 16;
export const RECORD_FLOATS = 8;

export const OF_ID = 0;
export const OF_REMAINING = 1;
export const OF_TOTAL = 2;
export const OW_PRICE = 6;
export const OW_ACCOUNT = 7;
/** Neighbours in the price level's queue. */
export const OW_NEXT = 8;
export const OW_PREVIOUS = 9;
/** Neighbours in the account's list, newest first. */
export const OW_ACCOUNT_OLDER = 10;
export const OW_ACCOUNT_NEWER = 11;
export const OW_FLAGS = 12;
export const OW_CLIENT_REF = 13;
export const OW_LOSS_TICKS = 14;
/** Position in the expiry queue plus one; 0: the order does not expire. */
export const OW_EXPIRY_POSITION = 15;

export class OrderPool {
  words: Int32Array;
  floats: Float64Array;
  private firstFree = 1;
  private capacity: number;

  constructor(capacity = 1024) {
    this.capacity = capacity;
    this.words = new Int32Array(capacity * RECORD_WORDS);
    this.floats = new Float64Array(this.words.buffer);
    this.linkFree(1, capacity);
  }

  /** Takes a slot; its content is left over from before. */
  take(): number {
    if (this.firstFree === 0) this.grow();
    const slot = this.firstFree;
    this.firstFree = this.words[slot * RECORD_WORDS + OW_NEXT] as number;
    return slot;
  }

  give(slot: number): void {
    this.words[slot * RECORD_WORDS + OW_NEXT] = this.firstFree;
    this.firstFree = slot;
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  private linkFree(from: number, to: number): void {
    for (let slot = from; slot < to; slot++) {
      this.words[slot * RECORD_WORDS + OW_NEXT] = slot + 1 < to ? slot + 1 : 0;
    }
  }

  private grow(): void {
    const words = new Int32Array(this.capacity * 2 * RECORD_WORDS);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(words.buffer);
    this.linkFree(this.capacity, this.capacity * 2);
    this.firstFree = this.capacity;
    this.capacity *= 2;
  }
}
