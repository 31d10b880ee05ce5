// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** Collateral and positions */
export class PositionReportDecoder {
  static readonly BLOCK_LENGTH = 40;
  static readonly TEMPLATE_ID = 211;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbePositions: PositionReportPositionsDecoder = new PositionReportPositionsDecoder(this);

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

  static readonly REQUEST_SEQ_NO_NULL = 18446744073709552000;

  /** The message of the client that it answers; null: something else has happened */
  requestSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  requestSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  hasRequestSeqNo(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset, -1, -1);
  }

  transactTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 8);
  }

  transactTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 8, true);
  }

  /** As of this event */
  accountSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  accountSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  requestId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 24);
  }

  requestIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 24, true);
  }

  collateral(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 32);
  }

  collateralBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 32, true);
  }

  /** Positions that are not zero */
  positions(): PositionReportPositionsDecoder {
    return this.sbePositions.sbeBegin(true);
  }
}

/** Positions that are not zero */
export class PositionReportPositionsDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: PositionReportDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: PositionReportDecoder) {
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

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  /** Signed */
  position(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 2);
  }

  positionBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 2, true);
  }

  entryValue(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 10);
  }

  entryValueBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 10, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsPositionReport(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 40) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipPositionReportPositions(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipPositionReportPositions(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 18) return -1;
  at += 4;
  at += blockLength * count;
  return at > end ? -1 : at;
}
