import { U64_MAX } from './batch.js';
import { ProgramInputError } from './program-error.js';

/** Reads little-endian numbers one after the other. Throws `ProgramInputError` when the bytes end too early. */
export class ByteReader {
  private readonly data: Uint8Array;
  private readonly view: DataView;
  private readonly name: string;
  private at = 0;

  /** `name` says in errors what the bytes are. */
  constructor(data: Uint8Array, name: string) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.name = name;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  i64(): bigint {
    return this.view.getBigInt64(this.take(8), true);
  }

  /** A copy of the next bytes. */
  raw(bytes: number): Uint8Array {
    const at = this.take(bytes);
    return this.data.slice(at, at + bytes);
  }

  skip(bytes: number): void {
    this.take(bytes);
  }

  /** Shortest form only: a number has one encoding. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (value > U64_MAX) throw this.error('holds a number above 2^64 − 1');
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n)
          throw this.error('holds a number that is not in its shortest form');
        return value;
      }
    }
  }

  zigzag(): bigint {
    const value = this.varint();
    return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
  }

  /** Nothing may be left. */
  end(): void {
    const left = this.data.length - this.at;
    if (left !== 0) throw this.error(`has ${left} bytes too many`);
  }

  private take(bytes: number): number {
    const at = this.at;
    if (at + bytes > this.data.length) {
      throw this.error(`ends after ${this.data.length} bytes, within a field at ${at}`);
    }
    this.at = at + bytes;
    return at;
  }

  private error(sentence: string): ProgramInputError {
    return new ProgramInputError(this.name, sentence);
  }
}
