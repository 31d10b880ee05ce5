// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes, getInt64Le, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** A fill */
export class ExecutionReportTradeDecoder {
  static readonly BLOCK_LENGTH = 120;
  static readonly TEMPLATE_ID = 204;
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

  tradeId(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 48);
  }

  tradeIdBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 48, true);
  }

  lastQty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 56);
  }

  lastQtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 56, true);
  }

  leavesQty(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 64);
  }

  leavesQtyBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 64, true);
  }

  /** Below zero: a rebate */
  fee(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 72);
  }

  feeBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 72, true);
  }

  realizedPnl(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 80);
  }

  realizedPnlBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 80, true);
  }

  /** Signed, after the fill */
  position(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 88);
  }

  positionBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 88, true);
  }

  /** Signed, of the position */
  entryValue(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 96);
  }

  entryValueBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 96, true);
  }

  /** After the fill */
  collateral(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 104);
  }

  collateralBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 104, true);
  }

  lastPrice(): number {
    return this.sbeView.getInt32(this.sbeOffset + 112, true);
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 116, true);
  }

  side(): number {
    return this.sbeView.getUint8(this.sbeOffset + 118);
  }

  liquidity(): number {
    return this.sbeView.getUint8(this.sbeOffset + 119);
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
export function fitsExecutionReportTrade(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 120) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipExecutionReportTradeClOrdIdText(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipExecutionReportTradeClOrdIdText(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  at += 2 + view.getUint16(at, true);
  return at > end ? -1 : at;
}
