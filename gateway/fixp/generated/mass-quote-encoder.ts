// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, refuseCount, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type SelfTradePrevention } from './self-trade-prevention.js';

/** Replaces quotes of this session in a market */
export class MassQuoteEncoder {
  static readonly BLOCK_LENGTH = 20;
  static readonly TEMPLATE_ID = 105;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeQuoteEntries: MassQuoteQuoteEntriesEncoder = new MassQuoteQuoteEntriesEncoder(this);

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 20;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 20, template 105; schema 4919, version 0.
    view.setUint32(offset, 6881300, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 20);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    return this;
  }

  quoteId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  quoteIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  /** Refused when the exchange's time is later */
  deadline(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  deadlineBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 8, value, true);
    return this;
  }

  deadlineNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 16, value, true);
    return this;
  }

  execInst(bits: number): this {
    this.sbeView.setUint8(this.sbeOffset + 18, bits);
    return this;
  }

  execInstPostOnly(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 18);
    this.sbeView.setUint8(this.sbeOffset + 18, value ? bits | 1 : bits & 254);
    return this;
  }

  execInstPostOnlySlide(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 18);
    this.sbeView.setUint8(this.sbeOffset + 18, value ? bits | 2 : bits & 253);
    return this;
  }

  execInstReduceOnly(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 18);
    this.sbeView.setUint8(this.sbeOffset + 18, value ? bits | 4 : bits & 251);
    return this;
  }

  selfTradePrevention(value: SelfTradePrevention): this {
    this.sbeView.setUint8(this.sbeOffset + 19, value);
    return this;
  }

  /** One for each level */
  quoteEntriesCount(count: number): MassQuoteQuoteEntriesEncoder {
    return this.sbeQuoteEntries.sbeBegin(count);
  }
}

/** One for each level */
export class MassQuoteQuoteEntriesEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MassQuoteEncoder;

  constructor(root: MassQuoteEncoder) {
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
    view.setUint16(at, 28, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 28;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 28);
    this.sbeView.setInt32(this.sbeOffset + 4, -2147483648, true);
    this.sbeView.setInt32(this.sbeOffset + 16, -2147483648, true);
    return this;
  }

  /** 1 to 20; names the level. The clOrdId of a quote modulo 64 is twice the level, plus 1 for the offer */
  quoteEntryId(value: number): this {
    this.sbeView.setUint32(this.sbeOffset, value, true);
    return this;
  }

  /** Null: no bid */
  bidPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 4, value, true);
    return this;
  }

  bidPriceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 4, -2147483648, true);
    return this;
  }

  bidSize(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  bidSizeBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 8, value, true);
    return this;
  }

  /** Null: no offer */
  offerPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 16, value, true);
    return this;
  }

  offerPriceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 16, -2147483648, true);
    return this;
  }

  offerSize(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 20, value);
    return this;
  }

  offerSizeBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 20, value, true);
    return this;
  }
}
