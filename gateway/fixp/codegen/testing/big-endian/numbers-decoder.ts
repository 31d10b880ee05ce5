// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes, getInt64Be, getUint64Be, isInt64Be } from '../../../sbe/flyweight.js';

export class NumbersDecoder {
  static readonly BLOCK_LENGTH = 40;
  static readonly TEMPLATE_ID = 1;
  static readonly SCHEMA_ID = 78;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeRows: NumbersRowsDecoder = new NumbersRowsDecoder(this);

  /** Lays the decoder over a message behind its header; the latter two are the header's. */
  wrap(view: DataView, offset: number, actingBlockLength: number, actingVersion: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeActingBlockLength = actingBlockLength;
    this.sbeActingVersion = actingVersion;
    this.sbeLimit = offset + actingBlockLength;
    return this;
  }

  /** Lays the decoder over a message whose header is at `offset`. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    const blockLength = view.getUint16(offset, false);
    const version = view.getUint16(offset + 6, false);
    return this.wrap(view, offset + 8, blockLength, version);
  }

  one(): number {
    return this.sbeView.getInt16(this.sbeOffset, false);
  }

  two(): number {
    return this.sbeView.getUint32(this.sbeOffset + 2, false);
  }

  static readonly THREE_NULL = -9223372036854776000;

  three(): number {
    return getInt64Be(this.sbeView, this.sbeOffset + 6);
  }

  threeBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 6, false);
  }

  hasThree(): boolean {
    return !isInt64Be(this.sbeView, this.sbeOffset + 6, -2147483648, 0);
  }

  four(): number {
    return getUint64Be(this.sbeView, this.sbeOffset + 14);
  }

  fourBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 14, false);
  }

  five(): number {
    return this.sbeView.getFloat64(this.sbeOffset + 22, false);
  }

  bits(): number {
    return this.sbeView.getUint16(this.sbeOffset + 30, false);
  }

  bitsFirst(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 31) & 1) !== 0;
  }

  bitsNinth(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 30) & 1) !== 0;
  }

  bitsLast(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 30) & 128) !== 0;
  }

  manyBits(): number {
    return getUint64Be(this.sbeView, this.sbeOffset + 32);
  }

  manyBitsFirst(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 39) & 1) !== 0;
  }

  manyBitsLast(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 32) & 128) !== 0;
  }

  rows(): NumbersRowsDecoder {
    return this.sbeRows.sbeBegin(true);
  }

  /** Its length in bytes; goes nowhere. */
  noteLength(): number {
    return this.sbeView.getUint16(this.sbeLimit, false);
  }

  /** Goes behind it; gives its length in bytes. */
  skipNote(): number {
    const length = this.noteLength();
    this.sbeLimit += 2 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getNote(target: Uint8Array, targetOffset: number): number {
    const at = this.sbeLimit + 2;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipNote());
  }

  note(): string {
    const at = this.sbeLimit + 2;
    return decodeText(this.sbeView, at, this.skipNote(), 'UTF-8');
  }
}

export class NumbersRowsDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: NumbersDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: NumbersDecoder) {
    this.root = root;
  }

  /** Reads the group's header where the message has been read to. */
  sbeBegin(isThere: boolean): this {
    const { root } = this;
    this.sbeView = root.sbeView;
    this.sbeActingVersion = root.sbeActingVersion;
    this.sbeIndex = 0;
    this.sbeCount = 0;
    if (!isThere) return this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeBlockLength = view.getUint16(at, false);
    this.sbeCount = view.getUint16(at + 2, false);
    root.sbeLimit = at + 4;
    return this;
  }

  /** How many entries the group has. */
  sbeLength(): number {
    return this.sbeCount;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += this.sbeBlockLength;
    return true;
  }

  value(): number {
    return this.sbeView.getInt32(this.sbeOffset, false);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsNumbers(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 40) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipNumbersRows(view, at, end, version);
  if (at < 0) return false;
  at = skipNumbersNote(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipNumbersRows(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, false);
  const count = view.getUint16(at + 2, false);
  if (count > 0 && blockLength < 4) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}

function skipNumbersNote(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  at += 2 + view.getUint16(at, false);
  return at > end ? -1 : at;
}
