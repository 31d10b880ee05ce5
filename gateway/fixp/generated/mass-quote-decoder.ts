// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** Replaces quotes of this session in a market */
export class MassQuoteDecoder {
  static readonly BLOCK_LENGTH = 20;
  static readonly TEMPLATE_ID = 105;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeQuoteEntries: MassQuoteQuoteEntriesDecoder = new MassQuoteQuoteEntriesDecoder(this);

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

  quoteId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  quoteIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  static readonly DEADLINE_NULL = 18446744073709552000;

  /** Refused when the exchange's time is later */
  deadline(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 8);
  }

  deadlineBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 8, true);
  }

  hasDeadline(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 8, -1, -1);
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 16, true);
  }

  execInst(): number {
    return this.sbeView.getUint8(this.sbeOffset + 18);
  }

  execInstPostOnly(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 18) & 1) !== 0;
  }

  execInstPostOnlySlide(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 18) & 2) !== 0;
  }

  execInstReduceOnly(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 18) & 4) !== 0;
  }

  selfTradePrevention(): number {
    return this.sbeView.getUint8(this.sbeOffset + 19);
  }

  /** One for each level */
  quoteEntries(): MassQuoteQuoteEntriesDecoder {
    return this.sbeQuoteEntries.sbeBegin(true);
  }
}

/** One for each level */
export class MassQuoteQuoteEntriesDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: MassQuoteDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: MassQuoteDecoder) {
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

  /** 1 to 20; names the level. The clOrdId of a quote modulo 64 is twice the level, plus 1 for the offer */
  quoteEntryId(): number {
    return this.sbeView.getUint32(this.sbeOffset, true);
  }

  static readonly BID_PRICE_NULL = -2147483648;

  /** Null: no bid */
  bidPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 4, true);
  }

  hasBidPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 4, true) !== -2147483648;
  }

  bidSize(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 8);
  }

  bidSizeBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 8, true);
  }

  static readonly OFFER_PRICE_NULL = -2147483648;

  /** Null: no offer */
  offerPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 16, true);
  }

  hasOfferPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 16, true) !== -2147483648;
  }

  offerSize(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 20);
  }

  offerSizeBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 20, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsMassQuote(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 20) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipMassQuoteQuoteEntries(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipMassQuoteQuoteEntries(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 28) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}
