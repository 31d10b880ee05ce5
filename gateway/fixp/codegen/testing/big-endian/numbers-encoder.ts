// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, encodeText, refuseCount, setBytes, setInt64Be, setWordsBe, zeroBytes } from '../../../sbe/flyweight.js';

export class NumbersEncoder {
  static readonly BLOCK_LENGTH = 40;
  static readonly TEMPLATE_ID = 1;
  static readonly SCHEMA_ID = 78;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeRows: NumbersRowsEncoder = new NumbersRowsEncoder(this);

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 40;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    view.setUint16(offset, 40, false);
    view.setUint16(offset + 2, 1, false);
    view.setUint16(offset + 4, 78, false);
    view.setUint16(offset + 6, 0, false);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 40);
    setWordsBe(this.sbeView, this.sbeOffset + 6, -2147483648, 0);
    return this;
  }

  one(value: number): this {
    this.sbeView.setInt16(this.sbeOffset, value, false);
    return this;
  }

  two(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 2, value, false);
    return this;
  }

  three(value: number): this {
    setInt64Be(this.sbeView, this.sbeOffset + 6, value);
    return this;
  }

  threeBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 6, value, false);
    return this;
  }

  threeNull(): this {
    setWordsBe(this.sbeView, this.sbeOffset + 6, -2147483648, 0);
    return this;
  }

  four(value: number): this {
    setInt64Be(this.sbeView, this.sbeOffset + 14, value);
    return this;
  }

  fourBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 14, value, false);
    return this;
  }

  five(value: number): this {
    this.sbeView.setFloat64(this.sbeOffset + 22, value, false);
    return this;
  }

  bits(bits: number): this {
    this.sbeView.setUint16(this.sbeOffset + 30, bits, false);
    return this;
  }

  bitsFirst(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 31);
    this.sbeView.setUint8(this.sbeOffset + 31, value ? bits | 1 : bits & 254);
    return this;
  }

  bitsNinth(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 30);
    this.sbeView.setUint8(this.sbeOffset + 30, value ? bits | 1 : bits & 254);
    return this;
  }

  bitsLast(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 30);
    this.sbeView.setUint8(this.sbeOffset + 30, value ? bits | 128 : bits & 127);
    return this;
  }

  manyBits(bits: number): this {
    setInt64Be(this.sbeView, this.sbeOffset + 32, bits);
    return this;
  }

  manyBitsFirst(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 39);
    this.sbeView.setUint8(this.sbeOffset + 39, value ? bits | 1 : bits & 254);
    return this;
  }

  manyBitsLast(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 32);
    this.sbeView.setUint8(this.sbeOffset + 32, value ? bits | 128 : bits & 127);
    return this;
  }

  rowsCount(count: number): NumbersRowsEncoder {
    return this.sbeRows.sbeBegin(count);
  }

  putNote(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 65534)) refuseCount(length, 65534);
    this.sbeView.setUint16(this.sbeLimit, length, false);
    setBytes(this.sbeView, this.sbeLimit + 2, source, sourceOffset, length);
    this.sbeLimit += 2 + length;
    return this;
  }

  note(value: string): this {
    const bytes = encodeText(value, 'UTF-8');
    return this.putNote(bytes, 0, bytes.length);
  }
}

export class NumbersRowsEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: NumbersEncoder;

  constructor(root: NumbersEncoder) {
    this.root = root;
  }

  sbeBegin(count: number): this {
    if (!(count >= 0 && count <= 65534)) refuseCount(count, 65534);
    const { root } = this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeView = view;
    this.sbeIndex = 0;
    this.sbeCount = count;
    view.setUint16(at, 4, false);
    view.setUint16(at + 2, count, false);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 4;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 4);
    return this;
  }

  value(value: number): this {
    this.sbeView.setInt32(this.sbeOffset, value, false);
    return this;
  }
}
