import { UpdateError, type UpdateFault } from './update-error.js';

/**
 * Reads big-endian fields off bytes that a stranger has sent. Whatever would lie behind the end is refused with the reader's fault, so
 * that no length inside of the bytes is ever believed.
 */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly fault: UpdateFault;
  private at = 0;

  constructor(bytes: Uint8Array, fault: UpdateFault) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.fault = fault;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u8(field: string): number {
    return this.view.getUint8(this.take(field, 1));
  }

  u16(field: string): number {
    return this.view.getUint16(this.take(field, 2));
  }

  u32(field: string): number {
    return this.view.getUint32(this.take(field, 4));
  }

  i32(field: string): number {
    return this.view.getInt32(this.take(field, 4));
  }

  u64(field: string): bigint {
    return this.view.getBigUint64(this.take(field, 8));
  }

  i64(field: string): bigint {
    return this.view.getBigInt64(this.take(field, 8));
  }

  /** A view, not a copy. */
  slice(field: string, length: number): Uint8Array {
    const start = this.take(field, length);
    return this.bytes.subarray(start, start + length);
  }

  rest(): Uint8Array {
    return this.slice('the rest', this.left);
  }

  /** Nothing may be left: bytes that nobody reads are a message that means something else to somebody. */
  end(): void {
    if (this.left > 0) throw new UpdateError(this.fault, `${this.left} bytes are left over`);
  }

  private take(field: string, length: number): number {
    if (length > this.left) {
      const sentence = `${field} needs ${length} bytes at offset ${this.at}, but ${this.left} are left`;
      throw new UpdateError(this.fault, sentence);
    }
    const start = this.at;
    this.at += length;
    return start;
  }
}
