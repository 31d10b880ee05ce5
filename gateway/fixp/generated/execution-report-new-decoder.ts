// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** An order is accepted; its fills follow */
export class ExecutionReportNewDecoder {
  static readonly BLOCK_LENGTH = 74;
  static readonly TEMPLATE_ID = 201;
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

  static readonly CL_ORD_ID_NULL = 18446744073709552000;

  clOrdId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 40);
  }

  clOrdIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 40, true);
  }

  hasClOrdId(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 40, -1, -1);
  }

  orderQty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 48);
  }

  orderQtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 48, true);
  }

  static readonly EXPIRE_TIME_NULL = 18446744073709552000;

  expireTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 56);
  }

  expireTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 56, true);
  }

  hasExpireTime(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 56, -1, -1);
  }

  static readonly PRICE_NULL = -2147483648;

  price(): number {
    return this.sbeView.getInt32(this.sbeOffset + 64, true);
  }

  hasPrice(): boolean {
    return this.sbeView.getInt32(this.sbeOffset + 64, true) !== -2147483648;
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 68, true);
  }

  side(): number {
    return this.sbeView.getUint8(this.sbeOffset + 70);
  }

  ordType(): number {
    return this.sbeView.getUint8(this.sbeOffset + 71);
  }

  timeInForce(): number {
    return this.sbeView.getUint8(this.sbeOffset + 72);
  }

  execInst(): number {
    return this.sbeView.getUint8(this.sbeOffset + 73);
  }

  execInstPostOnly(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 73) & 1) !== 0;
  }

  execInstPostOnlySlide(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 73) & 2) !== 0;
  }

  execInstReduceOnly(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 73) & 4) !== 0;
  }

  /** The client id, where another door has given it as text */
  /** Its length in bytes; goes nowhere. */
  clOrdIdTextLength(): number {
    return this.sbeView.getUint16(this.sbeLimit, true);
  }

  /** Goes behind it; gives its length in bytes. */
  skipClOrdIdText(): number {
    const length = this.clOrdIdTextLength();
    this.sbeLimit += 2 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getClOrdIdText(target: Uint8Array, targetOffset: number): number {
    const at = this.sbeLimit + 2;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipClOrdIdText());
  }

  clOrdIdText(): string {
    const at = this.sbeLimit + 2;
    return decodeText(this.sbeView, at, this.skipClOrdIdText(), 'US-ASCII');
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsExecutionReportNew(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 74) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipExecutionReportNewClOrdIdText(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipExecutionReportNewClOrdIdText(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  at += 2 + view.getUint16(at, true);
  return at > end ? -1 : at;
}
