// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** Places an order */
export class NewOrderSingleDecoder {
  static readonly BLOCK_LENGTH = 43;
  static readonly TEMPLATE_ID = 101;
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

  static readonly CL_ORD_ID_NULL = 18446744073709552000;

  clOrdId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  clOrdIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  hasClOrdId(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset, -1, -1);
  }

  orderQty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 8);
  }

  orderQtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 8, true);
  }

  static readonly EXPIRE_TIME_NULL = 18446744073709552000;

  /** Of GoodTillDate */
  expireTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  expireTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  hasExpireTime(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 16, -1, -1);
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

  /** Of a market order the worst that it accepts */
  price(): number {
    return this.sbeView.getInt32(this.sbeOffset + 32, true);
  }

  hasPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 32, true) !== -2147483648;
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 36, true);
  }

  side(): number {
    return this.sbeView.getUint8(this.sbeOffset + 38);
  }

  ordType(): number {
    return this.sbeView.getUint8(this.sbeOffset + 39);
  }

  timeInForce(): number {
    return this.sbeView.getUint8(this.sbeOffset + 40);
  }

  execInst(): number {
    return this.sbeView.getUint8(this.sbeOffset + 41);
  }

  execInstPostOnly(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 41) & 1) !== 0;
  }

  execInstPostOnlySlide(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 41) & 2) !== 0;
  }

  execInstReduceOnly(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 41) & 4) !== 0;
  }

  selfTradePrevention(): number {
    return this.sbeView.getUint8(this.sbeOffset + 42);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsNewOrderSingle(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 43) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
