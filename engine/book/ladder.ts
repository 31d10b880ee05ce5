import { PRICE_TICKS_MAX } from '../units/units.js';
import { FarLevels } from './far-levels.js';
import { LINK_NEXT, LINK_PREVIOUS, LINK_SHIFT, type OrderPool } from './order-pool.js';
import { PriceBitmap } from './price-bitmap.js';

/** Key of an empty side: worse than every price. */
export const NO_KEY = PRICE_TICKS_MAX;

/** Words of a price level's record: head and tail of its queue, number of orders, lots (a float). */
const LEVEL_WORDS = 8;
const LEVEL_SHIFT = 3;
const LEVEL_FLOAT_SHIFT = 2;
const LW_HEAD = 0;
const LW_TAIL = 1;
const LW_COUNT = 2;
const LF_LOTS = 2;

/**
 * Key of a price: smaller is better on both sides, so that one ladder serves bids and asks.
 * Ask: price − 1. Bid: 2^31 − 1 − price, which is price with all bits turned. Both map 1 … 2^31 − 1 onto 0 … 2^31 − 2.
 * Without a branch, for which side comes next cannot be predicted.
 */
export function keyOf(side: number, priceTicks: number): number {
  return ((priceTicks ^ ((side - 1) & PRICE_TICKS_MAX)) - side) | 0;
}
export function priceOfKey(side: number, key: number): number {
  return side === 0 ? PRICE_TICKS_MAX - key : key + 1;
}

/**
 * One side of the book. A window of 2^bits consecutive keys has a record for each (found by `key & mask`, so
 * sliding the window moves nothing) and a bitmap for the next non-empty one. The window always contains the
 * best level; levels worse than its end live in `far`. Invariant: every far key ≥ base + size.
 */
export class Ladder {
  /** Best key, NO_KEY when the side is empty. */
  bestKey = NO_KEY;
  private base = 0;
  private windowLevels = 0;
  private readonly size: number;
  private readonly mask: number;
  private readonly words: Int32Array;
  private readonly floats: Float64Array;
  private readonly bitmap: PriceBitmap;
  private readonly far = new FarLevels();
  private readonly pool: OrderPool;

  constructor(pool: OrderPool, windowBits: number) {
    this.pool = pool;
    this.size = 1 << windowBits;
    this.mask = this.size - 1;
    this.words = new Int32Array(this.size * LEVEL_WORDS);
    this.floats = new Float64Array(this.words.buffer);
    this.bitmap = new PriceBitmap(windowBits);
  }

  /** Puts the order at the end of its level's queue. */
  append(slot: number, key: number, lots: number): void {
    if (key < this.bestKey) this.makeBest(key);
    else if (key - this.base >= this.size && !this.reachFor(key)) {
      this.appendFar(slot, key, lots);
      return;
    }
    const index = key & this.mask;
    const level = index << LEVEL_SHIFT;
    const total = (index << LEVEL_FLOAT_SHIFT) | LF_LOTS;
    const words = this.words;
    const floats = this.floats;
    const links = this.pool.links;
    const tail = words[level | LW_TAIL] as number;
    const at = slot << LINK_SHIFT;
    links[at | LINK_NEXT] = 0;
    links[at | LINK_PREVIOUS] = tail;
    words[level | LW_TAIL] = slot;
    words[level | LW_COUNT] = ((words[level | LW_COUNT] as number) + 1) | 0;
    if (tail === 0) {
      words[level | LW_HEAD] = slot;
      floats[total] = lots;
      this.bitmap.add(index);
      this.windowLevels++;
    } else {
      links[(tail << LINK_SHIFT) | LINK_NEXT] = slot;
      floats[total] = (floats[total] as number) + lots;
    }
  }

  /** Takes the order, which has `lots` left, out of its level's queue. */
  remove(slot: number, key: number, lots: number): void {
    if (key - this.base >= this.size) {
      this.removeFar(slot, key, lots);
      return;
    }
    const links = this.pool.links;
    const at = slot << LINK_SHIFT;
    const next = links[at | LINK_NEXT] as number;
    const previous = links[at | LINK_PREVIOUS] as number;
    const index = key & this.mask;
    const level = index << LEVEL_SHIFT;
    const words = this.words;
    if (next === previous) {
      // Only the last order of a level has no neighbour on either side.
      words[level | LW_HEAD] = 0;
      words[level | LW_TAIL] = 0;
      words[level | LW_COUNT] = 0;
      this.dropLevel(key);
      return;
    }
    const floats = this.floats;
    const total = (index << LEVEL_FLOAT_SHIFT) | LF_LOTS;
    if (previous === 0) words[level | LW_HEAD] = next;
    else links[(previous << LINK_SHIFT) | LINK_NEXT] = next;
    if (next === 0) words[level | LW_TAIL] = previous;
    else links[(next << LINK_SHIFT) | LINK_PREVIOUS] = previous;
    words[level | LW_COUNT] = ((words[level | LW_COUNT] as number) - 1) | 0;
    floats[total] = (floats[total] as number) - lots;
  }

  /** The order stays, but loses lots. */
  reduce(key: number, lots: number): void {
    if (key - this.base >= this.size) this.far.lots[this.far.lowerBound(key)]! -= lots;
    else {
      const total = ((key & this.mask) << LEVEL_FLOAT_SHIFT) | LF_LOTS;
      this.floats[total] = (this.floats[total] as number) - lots;
    }
  }

  /** Oldest order of the best level, 0 when the side is empty. */
  bestHead(): number {
    if (this.bestKey === NO_KEY) return 0;
    return this.words[((this.bestKey & this.mask) << LEVEL_SHIFT) | LW_HEAD] as number;
  }

  /** Next worse non-empty key after `key`, NO_KEY at the end. */
  nextKey(key: number): number {
    if (key - this.base < this.size) {
      const found = this.nextInWindow(key + 1);
      if (found !== NO_KEY) return found;
      return this.far.length > 0 ? (this.far.keys[0] as number) : NO_KEY;
    }
    const index = this.far.lowerBound(key + 1);
    return index < this.far.length ? (this.far.keys[index] as number) : NO_KEY;
  }

  headAt(key: number): number {
    if (key - this.base >= this.size) return this.far.heads[this.far.lowerBound(key)] as number;
    return this.words[((key & this.mask) << LEVEL_SHIFT) | LW_HEAD] as number;
  }

  lotsAt(key: number): number {
    if (key - this.base >= this.size) return this.far.lots[this.far.lowerBound(key)] as number;
    return this.floats[((key & this.mask) << LEVEL_FLOAT_SHIFT) | LF_LOTS] as number;
  }

  countAt(key: number): number {
    if (key - this.base >= this.size) return this.far.counts[this.far.lowerBound(key)] as number;
    return this.words[((key & this.mask) << LEVEL_SHIFT) | LW_COUNT] as number;
  }

  get levels(): number {
    return this.windowLevels + this.far.length;
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  private dropLevel(key: number): void {
    this.bitmap.delete(key & this.mask);
    this.windowLevels--;
    if (key !== this.bestKey) return;
    if (this.windowLevels > 0) this.bestKey = this.nextInWindow(key + 1);
    else if (this.far.length > 0) {
      this.bestKey = this.far.keys[0] as number;
      this.anchorAt(this.bestKey);
      this.importFar();
    } else this.bestKey = NO_KEY;
  }

  /** Smallest non-empty key ≥ `key` of the window, NO_KEY when there is none. */
  private nextInWindow(key: number): number {
    if (this.windowLevels === 0 || key - this.base >= this.size) return NO_KEY;
    const from = key & this.mask;
    const start = this.base & this.mask;
    let found = this.bitmap.next(from);
    // Indices wrap: the window's keys run from index `start` up to the end, then from 0 up to `start` − 1.
    if (found < 0 && from >= start && start > 0) found = this.bitmap.next(0);
    if (found < 0) return NO_KEY;
    const offset = (found - start) & this.mask;
    return offset >= key - this.base ? this.base + offset : NO_KEY;
  }

  /** `key` becomes the best: when it lies before the window, the window moves there. */
  private makeBest(key: number): void {
    if (this.bestKey === NO_KEY) {
      if (key < this.base || key - this.base >= this.size) this.anchorAt(key);
    } else if (key < this.base) {
      const newBase = Math.max(0, key - (this.size >> 2));
      this.exportFrom(newBase);
      this.base = newBase;
    }
    this.bestKey = key;
  }

  /**
   * Whether `key`, worse than the window's end, can be brought inside by moving the window towards worse
   * prices. Only when the best has drifted into the worse half, so that moves stay rare (each is paid for by
   * at least a quarter window of drift).
   */
  private reachFor(key: number): boolean {
    if (this.bestKey - this.base < this.size >> 1) return false;
    this.anchorAt(this.bestKey);
    this.importFar();
    return key - this.base < this.size;
  }

  /** A quarter of the window lies before `key`, for better prices to come. */
  private anchorAt(key: number): void {
    this.base = Math.max(0, key - (this.size >> 2));
  }

  /**
   * Moves the levels with key ≥ `newBase` + size to `far`: the window is about to leave them. Every one of
   * them is better than all far levels, so they go to its front in one step.
   */
  private exportFrom(newBase: number): void {
    const from = Math.max(this.base, newBase + this.size);
    let count = 0;
    for (let key = this.nextInWindow(from); key !== NO_KEY; key = this.nextInWindow(key + 1))
      count++;
    if (count === 0) return;
    const far = this.far;
    far.openGap(0, count);
    let at = 0;
    for (let key = this.nextInWindow(from); at < count; key = this.nextInWindow(key + 1)) {
      const index = key & this.mask;
      far.keys[at] = key;
      far.heads[at] = this.words[(index << LEVEL_SHIFT) | LW_HEAD] as number;
      far.tails[at] = this.words[(index << LEVEL_SHIFT) | LW_TAIL] as number;
      far.counts[at] = this.words[(index << LEVEL_SHIFT) | LW_COUNT] as number;
      far.lots[at] = this.floats[(index << LEVEL_FLOAT_SHIFT) | LF_LOTS] as number;
      this.clearLevel(index);
      at++;
    }
  }

  private clearLevel(index: number): void {
    this.words.fill(0, index * LEVEL_WORDS, (index + 1) * LEVEL_WORDS);
    this.bitmap.delete(index);
    this.windowLevels--;
  }

  /** Brings the far levels in that the window now covers. */
  private importFar(): void {
    const far = this.far;
    let count = 0;
    while (count < far.length && (far.keys[count] as number) - this.base < this.size) {
      const index = (far.keys[count] as number) & this.mask;
      this.words[(index << LEVEL_SHIFT) | LW_HEAD] = far.heads[count] as number;
      this.words[(index << LEVEL_SHIFT) | LW_TAIL] = far.tails[count] as number;
      this.words[(index << LEVEL_SHIFT) | LW_COUNT] = far.counts[count] as number;
      this.floats[(index << LEVEL_FLOAT_SHIFT) | LF_LOTS] = far.lots[count] as number;
      this.bitmap.add(index);
      this.windowLevels++;
      count++;
    }
    if (count > 0) far.removeAt(0, count);
  }

  private appendFar(slot: number, key: number, lots: number): void {
    const far = this.far;
    const at = far.lowerBound(key);
    if (at === far.length || far.keys[at] !== key) far.insertAt(at, key);
    const tail = far.tails[at] as number;
    const links = this.pool.links;
    links[(slot << LINK_SHIFT) | LINK_NEXT] = 0;
    links[(slot << LINK_SHIFT) | LINK_PREVIOUS] = tail;
    if (tail === 0) far.heads[at] = slot;
    else links[(tail << LINK_SHIFT) | LINK_NEXT] = slot;
    far.tails[at] = slot;
    far.counts[at]!++;
    far.lots[at]! += lots;
  }

  private removeFar(slot: number, key: number, lots: number): void {
    const far = this.far;
    const at = far.lowerBound(key);
    const links = this.pool.links;
    const next = links[(slot << LINK_SHIFT) | LINK_NEXT] as number;
    const previous = links[(slot << LINK_SHIFT) | LINK_PREVIOUS] as number;
    if (previous === 0) far.heads[at] = next;
    else links[(previous << LINK_SHIFT) | LINK_NEXT] = next;
    if (next === 0) far.tails[at] = previous;
    else links[(next << LINK_SHIFT) | LINK_PREVIOUS] = previous;
    far.counts[at]!--;
    far.lots[at]! -= lots;
    if (far.counts[at] === 0) far.removeAt(at, 1);
  }
}
