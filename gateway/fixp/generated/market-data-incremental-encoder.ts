// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, refuseCount, setInt64Le, zeroBytes } from '../sbe/flyweight.js';
import { type MarketState } from './market-state.js';
import { type Side } from './side.js';

/** What has changed */
export class MarketDataIncrementalEncoder {
  static readonly BLOCK_LENGTH = 43;
  static readonly TEMPLATE_ID = 303;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeBids: MarketDataIncrementalBidsEncoder = new MarketDataIncrementalBidsEncoder(this);
  private readonly sbeOffers: MarketDataIncrementalOffersEncoder = new MarketDataIncrementalOffersEncoder(this);
  private readonly sbeTrades: MarketDataIncrementalTradesEncoder = new MarketDataIncrementalTradesEncoder(this);

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 43;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 43, template 303; schema 4919, version 0.
    view.setUint32(offset, 19857451, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 43);
    this.sbeView.setInt32(this.sbeOffset + 35, -2147483648, true);
    this.sbeView.setInt32(this.sbeOffset + 39, -2147483648, true);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  state(value: MarketState): this {
    this.sbeView.setUint8(this.sbeOffset + 2, value);
    return this;
  }

  epoch(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 3, value);
    return this;
  }

  epochBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 3, value, true);
    return this;
  }

  /** The message that this one continues */
  previousSequence(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 11, value);
    return this;
  }

  previousSequenceBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 11, value, true);
    return this;
  }

  sequence(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 19, value);
    return this;
  }

  sequenceBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 19, value, true);
    return this;
  }

  transactTime(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 27, value);
    return this;
  }

  transactTimeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 27, value, true);
    return this;
  }

  markPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 35, value, true);
    return this;
  }

  markPriceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 35, -2147483648, true);
    return this;
  }

  indexPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 39, value, true);
    return this;
  }

  indexPriceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 39, -2147483648, true);
    return this;
  }

  /** Changed levels */
  bidsCount(count: number): MarketDataIncrementalBidsEncoder {
    return this.sbeBids.sbeBegin(count);
  }

  /** Changed levels */
  offersCount(count: number): MarketDataIncrementalOffersEncoder {
    return this.sbeOffers.sbeBegin(count);
  }

  /** In order */
  tradesCount(count: number): MarketDataIncrementalTradesEncoder {
    return this.sbeTrades.sbeBegin(count);
  }
}

/** Changed levels */
export class MarketDataIncrementalBidsEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataIncrementalEncoder;

  constructor(root: MarketDataIncrementalEncoder) {
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
    view.setUint16(at, 12, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 12;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 12);
    return this;
  }

  price(value: number): this {
    this.sbeView.setInt32(this.sbeOffset, value, true);
    return this;
  }

  /** 0: the level is gone */
  qty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 4, value);
    return this;
  }

  qtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 4, value, true);
    return this;
  }
}

/** Changed levels */
export class MarketDataIncrementalOffersEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataIncrementalEncoder;

  constructor(root: MarketDataIncrementalEncoder) {
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
    view.setUint16(at, 12, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 12;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 12);
    return this;
  }

  price(value: number): this {
    this.sbeView.setInt32(this.sbeOffset, value, true);
    return this;
  }

  /** 0: the level is gone */
  qty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 4, value);
    return this;
  }

  qtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 4, value, true);
    return this;
  }
}

/** In order */
export class MarketDataIncrementalTradesEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataIncrementalEncoder;

  constructor(root: MarketDataIncrementalEncoder) {
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
    view.setUint16(at, 29, true);
    view.setUint16(at + 2, count, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += 29;
    return true;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 29);
    return this;
  }

  tradeId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  tradeIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  qty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  qtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 8, value, true);
    return this;
  }

  time(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  timeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  price(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 24, value, true);
    return this;
  }

  aggressor(value: Side): this {
    this.sbeView.setUint8(this.sbeOffset + 28, value);
    return this;
  }
}
