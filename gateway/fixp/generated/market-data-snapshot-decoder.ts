// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le } from '../sbe/flyweight.js';

/** The whole book */
export class MarketDataSnapshotDecoder {
  static readonly BLOCK_LENGTH = 35;
  static readonly TEMPLATE_ID = 302;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeBids: MarketDataSnapshotBidsDecoder = new MarketDataSnapshotBidsDecoder(this);
  private readonly sbeOffers: MarketDataSnapshotOffersDecoder = new MarketDataSnapshotOffersDecoder(this);

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
    const blockLength = view.getUint16(offset, true);
    const version = view.getUint16(offset + 6, true);
    return this.wrap(view, offset + 8, blockLength, version);
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  state(): number {
    return this.sbeView.getUint8(this.sbeOffset + 2);
  }

  epoch(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 3);
  }

  epochBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 3, true);
  }

  sequence(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 11);
  }

  sequenceBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 11, true);
  }

  transactTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 19);
  }

  transactTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 19, true);
  }

  static readonly MARK_PRICE_NULL = -2147483648;

  markPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 27, true);
  }

  hasMarkPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 27, true) !== -2147483648;
  }

  static readonly INDEX_PRICE_NULL = -2147483648;

  indexPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 31, true);
  }

  hasIndexPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 31, true) !== -2147483648;
  }

  /** Best first */
  bids(): MarketDataSnapshotBidsDecoder {
    return this.sbeBids.sbeBegin(true);
  }

  /** Best first */
  offers(): MarketDataSnapshotOffersDecoder {
    return this.sbeOffers.sbeBegin(true);
  }
}

/** Best first */
export class MarketDataSnapshotBidsDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataSnapshotDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: MarketDataSnapshotDecoder) {
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
    this.sbeBlockLength = view.getUint16(at, true);
    this.sbeCount = view.getUint16(at + 2, true);
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

  price(): number {
    return this.sbeView.getInt32(this.sbeOffset, true);
  }

  /** 0: the level is gone */
  qty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 4);
  }

  qtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 4, true);
  }
}

/** Best first */
export class MarketDataSnapshotOffersDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataSnapshotDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: MarketDataSnapshotDecoder) {
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
    this.sbeBlockLength = view.getUint16(at, true);
    this.sbeCount = view.getUint16(at + 2, true);
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

  price(): number {
    return this.sbeView.getInt32(this.sbeOffset, true);
  }

  /** 0: the level is gone */
  qty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 4);
  }

  qtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 4, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsMarketDataSnapshot(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 35) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipMarketDataSnapshotBids(view, at, end, version);
  if (at < 0) return false;
  at = skipMarketDataSnapshotOffers(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipMarketDataSnapshotBids(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 12) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}

function skipMarketDataSnapshotOffers(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 12) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}
