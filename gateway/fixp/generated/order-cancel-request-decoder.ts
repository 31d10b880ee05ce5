// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** Cancels an order */
export class OrderCancelRequestDecoder {
  static readonly BLOCK_LENGTH = 26;
  static readonly TEMPLATE_ID = 103;
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

  static readonly ORDER_ID_NULL = 18446744073709552000;

  /** This or the client id */
  orderId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  orderIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  hasOrderId(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset, -1, -1);
  }

  static readonly CL_ORD_ID_NULL = 18446744073709552000;

  clOrdId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 8);
  }

  clOrdIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 8, true);
  }

  hasClOrdId(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 8, -1, -1);
  }

  static readonly DEADLINE_NULL = 18446744073709552000;

  /** Refused when the exchange's time is later */
  deadline(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  deadlineBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  hasDeadline(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 16, -1, -1);
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 24, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsOrderCancelRequest(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 26) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
