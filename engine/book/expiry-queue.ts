import {
  FLOAT_SHIFT,
  OF_ID,
  type OrderPool,
  OW_EXPIRY_POSITION,
  WORD_SHIFT,
} from './order-pool.js';

/**
 * GTD orders as a binary heap by (expiry, order id): the earliest first, ties by age. Each order's record
 * knows its position, so that a cancel takes it out at once and the heap never holds dead orders.
 */
export class ExpiryQueue {
  private times = new Float64Array(64);
  private slots = new Int32Array(64);
  private length = 0;
  private readonly pool: OrderPool;

  constructor(pool: OrderPool) {
    this.pool = pool;
  }

  /** Earliest expiry, Infinity when no order expires. */
  nextMs(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number);
  }

  /** Slot of the order that expires first. */
  first(): number {
    return this.slots[0] as number;
  }

  expiryOf(slot: number): number {
    const position = this.pool.words[(slot << WORD_SHIFT) | OW_EXPIRY_POSITION] as number;
    return position === 0 ? 0 : (this.times[position - 1] as number);
  }

  add(slot: number, expiryMs: number): void {
    if (this.length === this.slots.length) this.grow();
    this.put(this.length, slot, expiryMs);
    this.length++;
    this.rise(this.length - 1);
  }

  /** Does nothing when the order does not expire. */
  remove(slot: number): void {
    const position = this.pool.words[(slot << WORD_SHIFT) | OW_EXPIRY_POSITION] as number;
    if (position === 0) return;
    this.pool.words[(slot << WORD_SHIFT) | OW_EXPIRY_POSITION] = 0;
    const at = position - 1;
    this.length--;
    if (at === this.length) return;
    this.put(at, this.slots[this.length] as number, this.times[this.length] as number);
    this.sink(at);
    this.rise(at);
  }

  private put(at: number, slot: number, expiryMs: number): void {
    this.slots[at] = slot;
    this.times[at] = expiryMs;
    this.pool.words[(slot << WORD_SHIFT) | OW_EXPIRY_POSITION] = at + 1;
  }

  private before(a: number, b: number): boolean {
    const difference = (this.times[a] as number) - (this.times[b] as number);
    if (difference !== 0) return difference < 0;
    return this.idAt(a) < this.idAt(b);
  }

  private idAt(at: number): number {
    return this.pool.floats[((this.slots[at] as number) << FLOAT_SHIFT) | OF_ID] as number;
  }

  private swap(a: number, b: number): void {
    const slot = this.slots[a] as number;
    const time = this.times[a] as number;
    this.put(a, this.slots[b] as number, this.times[b] as number);
    this.put(b, slot, time);
  }

  private rise(start: number): void {
    let at = start;
    while (at > 0 && this.before(at, (at - 1) >> 1)) {
      this.swap(at, (at - 1) >> 1);
      at = (at - 1) >> 1;
    }
  }

  private sink(start: number): void {
    let at = start;
    for (;;) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < this.length; child++) {
        if (this.before(child, least)) least = child;
      }
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    times.set(this.times);
    this.times = times;
    const slots = new Int32Array(this.slots.length * 2);
    slots.set(this.slots);
    this.slots = slots;
  }
}
