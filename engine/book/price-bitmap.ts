/**
 * Set of small integers as three levels of 32-bit words: a set bit above says "a word below is not zero".
 * Finding the next member takes at most a few word reads, however sparse the set is.
 */
export class PriceBitmap {
  private readonly leaves: Int32Array;
  private readonly middle: Int32Array;
  private readonly top: Int32Array;

  constructor(bits: number) {
    const size = 1 << bits;
    this.leaves = new Int32Array(Math.max(1, size >> 5));
    this.middle = new Int32Array(Math.max(1, size >> 10));
    this.top = new Int32Array(Math.max(1, size >> 15));
  }

  add(i: number): void {
    this.leaves[i >> 5]! |= 1 << (i & 31);
    this.middle[i >> 10]! |= 1 << ((i >> 5) & 31);
    this.top[i >> 15]! |= 1 << ((i >> 10) & 31);
  }

  delete(i: number): void {
    const leaf = (this.leaves[i >> 5] as number) & ~(1 << (i & 31));
    this.leaves[i >> 5] = leaf;
    if (leaf !== 0) return;
    const word = (this.middle[i >> 10] as number) & ~(1 << ((i >> 5) & 31));
    this.middle[i >> 10] = word;
    if (word === 0) this.top[i >> 15]! &= ~(1 << ((i >> 10) & 31));
  }

  has(i: number): boolean {
    return ((this.leaves[i >> 5] as number) & (1 << (i & 31))) !== 0;
  }

  /** Smallest member ≥ i, −1 when there is none. `i` must be below the size. */
  next(i: number): number {
    const leaf = (this.leaves[i >> 5] as number) & (-1 << (i & 31));
    if (leaf !== 0) return (i & ~31) | lowestBit(leaf);
    return this.nextLeaf((i >> 5) + 1);
  }

  /** Smallest member in leaf words ≥ `leafIndex`. */
  private nextLeaf(leafIndex: number): number {
    if (leafIndex >= this.leaves.length) return -1;
    let group = leafIndex >> 5;
    let word = (this.middle[group] as number) & (-1 << (leafIndex & 31));
    if (word === 0) {
      group = this.nextGroup(group + 1);
      if (group < 0) return -1;
      word = this.middle[group] as number;
    }
    const leaf = (group << 5) | lowestBit(word);
    return (leaf << 5) | lowestBit(this.leaves[leaf] as number);
  }

  /** Smallest index ≥ `group` of a middle word that is not zero. */
  private nextGroup(group: number): number {
    if (group >= this.middle.length) return -1;
    let at = group >> 5;
    let word = (this.top[at] as number) & (-1 << (group & 31));
    while (word === 0) {
      if (++at >= this.top.length) return -1;
      word = this.top[at] as number;
    }
    return (at << 5) | lowestBit(word);
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
