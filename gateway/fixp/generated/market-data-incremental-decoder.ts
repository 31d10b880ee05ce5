// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le } from '../sbe/flyweight.js';

/** What has changed */
export class MarketDataIncrementalDecoder {
  static readonly BLOCK_LENGTH = 43;
  static readonly TEMPLATE_ID = 303;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeBids: MarketDataIncrementalBidsDecoder = new MarketDataIncrementalBidsDecoder(this);
  private readonly sbeOffers: MarketDataIncrementalOffersDecoder = new MarketDataIncrementalOffersDecoder(this);
  private readonly sbeTrades: MarketDataIncrementalTradesDecoder = new MarketDataIncrementalTradesDecoder(this);

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

  /** The message that this one continues */
  previousSequence(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 11);
  }

  previousSequenceBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 11, true);
  }

  sequence(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 19);
  }

  sequenceBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 19, true);
  }

  transactTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 27);
  }

  transactTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 27, true);
  }

  static readonly MARK_PRICE_NULL = -2147483648;

  markPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 35, true);
  }

  hasMarkPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 35, true) !== -2147483648;
  }

  static readonly INDEX_PRICE_NULL = -2147483648;

  indexPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 39, true);
  }

  hasIndexPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 39, true) !== -2147483648;
  }

  /** Changed levels */
  bids(): MarketDataIncrementalBidsDecoder {
    return this.sbeBids.sbeBegin(true);
  }

  /** Changed levels */
  offers(): MarketDataIncrementalOffersDecoder {
    return this.sbeOffers.sbeBegin(true);
  }

  /** In order */
  trades(): MarketDataIncrementalTradesDecoder {
    return this.sbeTrades.sbeBegin(true);
  }
}

/** Changed levels */
export class MarketDataIncrementalBidsDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataIncrementalDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: MarketDataIncrementalDecoder) {
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

/** Changed levels */
export class MarketDataIncrementalOffersDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataIncrementalDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: MarketDataIncrementalDecoder) {
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

/** In order */
export class MarketDataIncrementalTradesDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MarketDataIncrementalDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: MarketDataIncrementalDecoder) {
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

  tradeId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  tradeIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  qty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 8);
  }

  qtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 8, true);
  }

  time(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  timeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  price(): number {
    return this.sbeView.getInt32(this.sbeOffset + 24, true);
  }

  aggressor(): number {
    return this.sbeView.getUint8(this.sbeOffset + 28);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsMarketDataIncremental(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 43) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipMarketDataIncrementalBids(view, at, end, version);
  if (at < 0) return false;
  at = skipMarketDataIncrementalOffers(view, at, end, version);
  if (at < 0) return false;
  at = skipMarketDataIncrementalTrades(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipMarketDataIncrementalBids(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 12) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}

function skipMarketDataIncrementalOffers(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 12) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}

function skipMarketDataIncrementalTrades(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 29) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}
