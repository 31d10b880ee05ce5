// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** A private event that is neither order nor fill; the WebSocket door tells more of it */
export class AccountReportDecoder {
  static readonly BLOCK_LENGTH = 67;
  static readonly TEMPLATE_ID = 212;
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

  static readonly ACCOUNT_SEQ_NO_NULL = 18446744073709552000;

  /** Number in the account's private feed; null: an answer only */
  accountSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 8);
  }

  accountSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 8, true);
  }

  hasAccountSeqNo(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 8, -1, -1);
  }

  /** Number of its cause in the exchange's journal */
  journalSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  journalSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  /** The exchange's time */
  transactTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 24);
  }

  transactTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 24, true);
  }

  static readonly ORDER_ID_NULL = 18446744073709552000;

  orderId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 32);
  }

  orderIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 32, true);
  }

  hasOrderId(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 32, -1, -1);
  }

  static readonly AMOUNT_NULL = -9223372036854776000;

  /** What the account got, below zero what it paid */
  amount(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 40);
  }

  amountBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 40, true);
  }

  hasAmount(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 40, -2147483648, 0);
  }

  static readonly COLLATERAL_NULL = -9223372036854776000;

  /** After it */
  collateral(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 48);
  }

  collateralBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 48, true);
  }

  hasCollateral(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 48, -2147483648, 0);
  }

  static readonly POSITION_NULL = -9223372036854776000;

  position(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 56);
  }

  positionBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 56, true);
  }

  hasPosition(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 56, -2147483648, 0);
  }

  static readonly MARKET_ID_NULL = 65535;

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 64, true);
  }

  hasMarketId(): boolean {
    return this.sbeView.getUint16(this.sbeOffset + 64, true) !== 65535;
  }

  accountEvent(): number {
    return this.sbeView.getUint8(this.sbeOffset + 66);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsAccountReport(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 67) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
