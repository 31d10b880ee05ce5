/** Appends little-endian numbers; the caller has checked their ranges. */
export class ByteWriter {
  private buffer = new Uint8Array(256);
  private view = new DataView(this.buffer.buffer);
  private length = 0;

  u8(value: number): void {
    const at = this.take(1);
    this.view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.take(2);
    this.view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.take(4);
    this.view.setUint32(at, value, true);
  }

  i32(value: number): void {
    const at = this.take(4);
    this.view.setInt32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.take(8);
    this.view.setBigUint64(at, value, true);
  }

  i64(value: bigint): void {
    const at = this.take(8);
    this.view.setBigInt64(at, value, true);
  }

  raw(bytes: Readonly<Uint8Array>): void {
    const at = this.take(bytes.length);
    this.buffer.set(bytes, at);
  }

  /** Seven bits a byte, low bits first (LEB128). */
  varint(value: bigint): void {
    if (value < 0x1fffffffffffffn) {
      this.smallVarint(Number(value));
      return;
    }
    while (value > 0x7fn) {
      this.u8(Number(value & 0x7fn) | 0x80);
      value >>= 7n;
    }
    this.u8(Number(value));
  }

  /** Signed: 0, −1, 1, −2 … become 0, 1, 2, 3 …, so that small numbers of either sign stay short. */
  zigzag(value: bigint): void {
    this.varint(value < 0n ? -2n * value - 1n : 2n * value);
  }

  /** What was written so far, as a copy. */
  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** Most numbers are far below 2^53, where plain arithmetic is several times as fast. */
  private smallVarint(value: number): void {
    while (value > 0x7f) {
      this.u8((value % 128) | 0x80);
      value = Math.floor(value / 128);
    }
    this.u8(value);
  }

  /** Where the next bytes go. Buffer and view may be others afterwards. */
  private take(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.buffer.length));
      grown.set(this.buffer);
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }
}
