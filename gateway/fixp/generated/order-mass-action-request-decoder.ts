// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** Cancels all orders */
export class OrderMassActionRequestDecoder {
  static readonly BLOCK_LENGTH = 11;
  static readonly TEMPLATE_ID = 104;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;

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

  static readonly DEADLINE_NULL = 18446744073709552000;

  /** Refused when the exchange's time is later */
  deadline(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  deadlineBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  hasDeadline(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset, -1, -1);
  }

  static readonly MARKET_ID_NULL = 65535;

  /** Null: all markets */
  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 8, true);
  }

  hasMarketId(): boolean {
    return this.sbeView.getUint16(this.sbeOffset + 8, true) !== 65535;
  }

  static readonly SIDE_NULL = 0;

  /** Null: both */
  side(): number {
    return this.sbeView.getUint8(this.sbeOffset + 10);
  }

  hasSide(): boolean {
    return this.sbeView.getUint8(this.sbeOffset + 10) !== 0;
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsOrderMassActionRequest(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 11) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
