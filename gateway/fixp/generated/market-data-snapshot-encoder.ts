// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, refuseCount, setInt64Le, zeroBytes } from '../sbe/flyweight.js';
import { type MarketState } from './market-state.js';

/** The whole book */
export class MarketDataSnapshotEncoder {
  static readonly BLOCK_LENGTH = 35;
  static readonly TEMPLATE_ID = 302;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeBids: MarketDataSnapshotBidsEncoder = new MarketDataSnapshotBidsEncoder(this);
  private readonly sbeOffers: MarketDataSnapshotOffersEncoder = new MarketDataSnapshotOffersEncoder(this);

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 35;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 35, template 302; schema 4919, version 0.
    view.setUint32(offset, 19791907, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 35);
    this.sbeView.setInt32(this.sbeOffset + 27, -2147483648, true);
    this.sbeView.setInt32(this.sbeOffset + 31, -2147483648, true);
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

  sequence(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 11, value);
    return this;
  }

  sequenceBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 11, value, true);
    return this;
  }

  transactTime(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 19, value);
    return this;
  }

  transactTimeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 19, value, true);
    return this;
  }

  markPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 27, value, true);
    return this;
  }

  markPriceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 27, -2147483648, true);
    return this;
  }

  indexPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 31, value, true);
    return this;
  }

  indexPriceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 31, -2147483648, true);
    return this;
  }

  /** Best first */
  bidsCount(count: number): MarketDataSnapshotBidsEncoder {
    return this.sbeBids.sbeBegin(count);
  }

  /** Best first */
  offersCount(count: number): MarketDataSnapshotOffersEncoder {
    return this.sbeOffers.sbeBegin(count);
  }
}

/** Best first */
export class MarketDataSnapshotBidsEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataSnapshotEncoder;

  constructor(root: MarketDataSnapshotEncoder) {
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

/** Best first */
export class MarketDataSnapshotOffersEncoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataSnapshotEncoder;

  constructor(root: MarketDataSnapshotEncoder) {
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
