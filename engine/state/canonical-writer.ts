/**
 * Collects state as 8-byte little-endian floats in a fixed order. Two uses of the same bytes: hashing
 * (state hash) and snapshots. Everything in the engine is a safe integer, so a float64 holds it exactly.
 */
export class CanonicalWriter {
  private floats: Float64Array;
  private used = 0;

  constructor(capacityFloats = 4096) {
    this.floats = new Float64Array(capacityFloats);
  }

  put(value: number): void {
    if (this.used === this.floats.length) this.grow(this.used + 1);
    // −0 and 0 are the same number to every rule of the engine and have to be the same bytes.
    this.floats[this.used++] = value === 0 ? 0 : value;
  }

  /** Number of floats so far; with `patch` a count can be written before its items. */
  get length(): number {
    return this.used;
  }

  patch(index: number, value: number): void {
    this.floats[index] = value;
  }

  reset(): void {
    this.used = 0;
  }

  /** View of what was written; valid until the next `put`. */
  bytes(): Uint8Array {
    return new Uint8Array(this.floats.buffer, 0, this.used * 8);
  }

  private grow(least: number): void {
    let capacity = this.floats.length * 2;
    while (capacity < least) capacity *= 2;
    const floats = new Float64Array(capacity);
    floats.set(this.floats);
    this.floats = floats;
  }
}

/** Reads what a CanonicalWriter wrote. Reading past the end throws: the snapshot is cut short. */
export class CanonicalReader {
  private position = 0;
  private readonly floats: Float64Array;

  constructor(bytes: Uint8Array) {
    if (bytes.byteLength % 8 !== 0) throw new RangeError('canonical state must be whole floats');
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
    this.floats = new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 8);
  }

  take(): number {
    if (this.position >= this.floats.length) throw new RangeError('canonical state ends early');
    return this.floats[this.position++] as number;
  }

  get atEnd(): boolean {
    return this.position === this.floats.length;
  }
}
