/** Appends little-endian numbers and bytes to a buffer that grows. */
export class ByteWriter {
  private bytes = Buffer.alloc(1024);
  private length = 0;

  u8(value: number): void {
    this.reserve(1);
    this.bytes.writeUInt8(value, this.length);
    this.length += 1;
  }

  u32(value: number): void {
    this.reserve(4);
    this.bytes.writeUInt32LE(value, this.length);
    this.length += 4;
  }

  u64(value: bigint): void {
    this.reserve(8);
    this.bytes.writeBigUInt64LE(value, this.length);
    this.length += 8;
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** Bytes of any length, with their length before them. */
  sized(value: Uint8Array): void {
    this.u32(value.length);
    this.raw(value);
  }

  /** What was written so far, as a copy. */
  finish(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Reads what `ByteWriter` wrote; reading past the end throws a RangeError. */
export class ByteReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    this.at += 1;
    return this.bytes.readUInt8(this.at - 1);
  }

  u32(): number {
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }

  u64(): bigint {
    this.at += 8;
    return this.bytes.readBigUInt64LE(this.at - 8);
  }

  raw(count: number): Buffer {
    const end = this.at + count;
    if (end > this.bytes.length) {
      throw new RangeError(`${count} bytes at ${this.at} of ${this.bytes.length}`);
    }
    this.at = end;
    return Buffer.from(this.bytes.subarray(end - count, end));
  }

  sized(): Buffer {
    return this.raw(this.u32());
  }
}
