const FIRST_BITS = 10;

/**
 * Finds the slot of an order by market and id: open addressing with linear probing, only slots in the table, the key
 * compared in the slot's own arrays. Deletion moves later entries back, so there are no tombstones.
 */
export class OrderIndex {
  private table: Int32Array;
  private mask: number;
  /** Of a hash of 32 bits to a place in the table. */
  private shift: number;
  private used = 0;
  private readonly keyOf: (slot: number) => number;

  /** `keyOf` gives the key that was passed to `put` for the slot. */
  constructor(keyOf: (slot: number) => number) {
    this.keyOf = keyOf;
    this.table = new Int32Array(1 << FIRST_BITS).fill(-1);
    this.mask = this.table.length - 1;
    this.shift = 32 - FIRST_BITS;
  }

  /** −1 when the key is not there. */
  get(key: number): number {
    let at = hashOf(key) >>> this.shift;
    for (;;) {
      const slot = this.table[at] as number;
      if (slot === -1 || this.keyOf(slot) === key) return slot;
      at = (at + 1) & this.mask;
    }
  }

  put(key: number, slot: number): void {
    if (this.used * 2 >= this.table.length) this.grow();
    this.used++;
    this.place(key, slot);
  }

  delete(key: number): void {
    let at = hashOf(key) >>> this.shift;
    while (this.keyOf(this.table[at] as number) !== key) at = (at + 1) & this.mask;
    this.used--;
    let hole = at;
    for (;;) {
      at = (at + 1) & this.mask;
      const slot = this.table[at] as number;
      if (slot === -1) break;
      const home = hashOf(this.keyOf(slot)) >>> this.shift;
      // An entry may move back when its home does not lie between the hole and itself.
      if (((at - home) & this.mask) >= ((at - hole) & this.mask)) {
        this.table[hole] = slot;
        hole = at;
      }
    }
    this.table[hole] = -1;
  }

  /** All of them, in no order. */
  slots(): number[] {
    return [...this.table.filter((slot) => slot !== -1)];
  }

  private place(key: number, slot: number): void {
    let at = hashOf(key) >>> this.shift;
    while (this.table[at] !== -1) at = (at + 1) & this.mask;
    this.table[at] = slot;
  }

  private grow(): void {
    const old = this.table;
    this.table = new Int32Array(old.length * 2).fill(-1);
    this.mask = this.table.length - 1;
    this.shift--;
    for (const slot of old) if (slot !== -1) this.place(this.keyOf(slot), slot);
  }
}

/**
 * Fibonacci hashing: ids count up, and multiples of the golden ratio leave gaps between any so many of them. Were they neighbours in the
 * table, a thousand open orders would be one cluster, and each deletion would look through the half of it.
 */
function hashOf(key: number): number {
  const high = (key / 4294967296) | 0;
  return Math.imul((key | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
}
