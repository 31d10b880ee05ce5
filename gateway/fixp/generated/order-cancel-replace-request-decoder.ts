// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** A new price, a new quantity or both; less at the same price keeps the place in the queue */
export class OrderCancelReplaceRequestDecoder {
  static readonly BLOCK_LENGTH = 38;
  static readonly TEMPLATE_ID = 102;
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

  static readonly ORDER_QTY_NULL = -9223372036854776000;

  /** All of it, fills included */
  orderQty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 16);
  }

  orderQtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 16, true);
  }

  hasOrderQty(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 16, -2147483648, 0);
  }

  static readonly DEADLINE_NULL = 18446744073709552000;

  /** Refused when the exchange's time is later */
  deadline(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 24);
  }

  deadlineBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 24, true);
  }

  hasDeadline(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 24, -1, -1);
  }

  static readonly PRICE_NULL = -2147483648;

  price(): number {
    return this.sbeView.getInt32(this.sbeOffset + 32, true);
  }

  hasPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 32, true) !== -2147483648;
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 36, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsOrderCancelReplaceRequest(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 38) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
