// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, refuseCount, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';

/** Collateral and positions */
export class PositionReportEncoder {
  static readonly BLOCK_LENGTH = 40;
  static readonly TEMPLATE_ID = 211;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbePositions: PositionReportPositionsEncoder = new PositionReportPositionsEncoder(this);

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 40;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 40, template 211; schema 4919, version 0.
    view.setUint32(offset, 13828136, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 40);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    return this;
  }

  /** The message of the client that it answers; null: something else has happened */
  requestSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  requestSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  requestSeqNoNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    return this;
  }

  transactTime(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  transactTimeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 8, value, true);
    return this;
  }

  /** As of this event */
  accountSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  accountSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  requestId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 24, value);
    return this;
  }

  requestIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 24, value, true);
    return this;
  }

  collateral(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 32, value);
    return this;
  }

  collateralBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 32, value, true);
    return this;
  }

  /** Positions that are not zero */
  positionsCount(count: number): PositionReportPositionsEncoder {
    return this.sbePositions.sbeBegin(count);
  }
}

/** Positions that are not zero */
export class PositionReportPositionsEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: PositionReportEncoder;

  constructor(root: PositionReportEncoder) {
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
    view.setUint16(at, 18, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 18;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 18);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  /** Signed */
  position(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 2, value);
    return this;
  }

  positionBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 2, value, true);
    return this;
  }

  entryValue(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 10, value);
    return this;
  }

  entryValueBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 10, value, true);
    return this;
  }
}
