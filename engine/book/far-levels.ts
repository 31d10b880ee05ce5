/**
 * Price levels outside of a ladder's window: sorted by key, best (smallest) first. Far levels are few and
 * rarely touched, so binary search and moving the tail up is simple and quick enough (a thousand levels
 * move in about a microsecond).
 */
export class FarLevels {
  keys = new Int32Array(16);
  heads = new Int32Array(16);
  tails = new Int32Array(16);
  counts = new Int32Array(16);
  lots = new Float64Array(16);
  length = 0;

  /** Index of the first level whose key is ≥ `key`. */
  lowerBound(key: number): number {
    let from = 0;
    let to = this.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.keys[middle] as number) < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Opens an empty level at `index`, where `lowerBound` said it belongs. */
  insertAt(index: number, key: number): void {
    this.openGap(index, 1);
    this.keys[index] = key;
    this.heads[index] = 0;
    this.tails[index] = 0;
    this.counts[index] = 0;
    this.lots[index] = 0;
  }

  /** Makes room for `count` levels from `index` on; the caller fills every column. */
  openGap(index: number, count: number): void {
    while (this.length + count > this.keys.length) this.grow();
    for (const column of [this.keys, this.heads, this.tails, this.counts, this.lots]) {
      column.copyWithin(index + count, index, this.length);
    }
    this.length += count;
  }

  /** Removes `count` levels from `index` on. */
  removeAt(index: number, count: number): void {
    for (const column of [this.keys, this.heads, this.tails, this.counts, this.lots]) {
      column.copyWithin(index, index + count, this.length);
    }
    this.length -= count;
  }

  private grow(): void {
    const size = this.keys.length * 2;
    this.keys = widenInts(this.keys, size);
    this.heads = widenInts(this.heads, size);
    this.tails = widenInts(this.tails, size);
    this.counts = widenInts(this.counts, size);
    const lots = new Float64Array(size);
    lots.set(this.lots);
    this.lots = lots;
  }
}

function widenInts(column: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(size);
  wider.set(column);
  return wider;
}
