/**
 * Open orders as 64-byte records (a cache line) in one buffer, addressed by slot. Slot 0 is never used, so that 0
 * means "none" in every link. Links between neighbours of a price level are in an array of their own: 8 bytes an
 * order stay in the processor's cache where whole records do not, and unlinking touches two neighbours. Freed slots
 * form a list through their next link; nothing is allocated until the pool is full.
 *
 * Offsets are added with `|`: records are aligned, so it equals a sum, and needs no overflow check.
 */
export const RECORD_WORDS = 16;
export const RECORD_FLOATS = 8;
/** A slot shifted by this is its record's first word, float, or link. */
export const WORD_SHIFT = 4;
export const FLOAT_SHIFT = 3;
export const LINK_SHIFT = 1;

/** Links of a slot: neighbours in the price level's queue. */
export const LINK_NEXT = 0;
export const LINK_PREVIOUS = 1;

export const OF_ID = 0;
export const OF_REMAINING = 1;
export const OF_TOTAL = 2;
export const OW_PRICE = 6;
export const OW_ACCOUNT = 7;
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
  links: Int32Array;
  private firstFree = 1;
  private capacity: number;

  constructor(capacity = 1024) {
    this.capacity = capacity;
    this.words = new Int32Array(capacity * RECORD_WORDS);
    this.floats = new Float64Array(this.words.buffer);
    this.links = new Int32Array(capacity << LINK_SHIFT);
    this.linkFree(1, capacity);
  }

  /** Takes a slot; its content is left over from before. */
  take(): number {
    if (this.firstFree === 0) this.grow();
    const slot = this.firstFree;
    this.firstFree = this.links[(slot << LINK_SHIFT) | LINK_NEXT] as number;
    return slot;
  }

  give(slot: number): void {
    this.links[(slot << LINK_SHIFT) | LINK_NEXT] = this.firstFree;
    this.firstFree = slot;
  }

  get bytes(): number {
    return this.words.byteLength + this.links.byteLength;
  }

  private linkFree(from: number, to: number): void {
    for (let slot = from; slot < to; slot++) {
      this.links[(slot << LINK_SHIFT) | LINK_NEXT] = slot + 1 < to ? slot + 1 : 0;
    }
  }

  /** By a quarter: doubling would leave half of the memory unused at its worst moment. */
  private grow(): void {
    const capacity = this.capacity + Math.max(256, this.capacity >> 2);
    const words = new Int32Array(capacity * RECORD_WORDS);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(words.buffer);
    const links = new Int32Array(capacity << LINK_SHIFT);
    links.set(this.links);
    this.links = links;
    this.linkFree(this.capacity, capacity);
    this.firstFree = this.capacity;
    this.capacity = capacity;
  }
}
