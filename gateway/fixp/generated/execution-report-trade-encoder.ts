// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, encodeText, refuseCount, setBytes, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type LiquidityIndicator } from './liquidity-indicator.js';
import { type Side } from './side.js';

/** A fill */
export class ExecutionReportTradeEncoder {
  static readonly BLOCK_LENGTH = 120;
  static readonly TEMPLATE_ID = 204;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 120;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 120, template 204; schema 4919, version 0.
    view.setUint32(offset, 13369464, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 120);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 32, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 40, -1, -1);
    return this;
  }

  /** The message of the client that it answers; null: something else has happened */
  requestSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  requestSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  requestSeqNoNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    return this;
  }

  /** Number in the account's private feed; null: an answer only */
  accountSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  accountSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 8, value, true);
    return this;
  }

  accountSeqNoNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    return this;
  }

  /** Number of its cause in the exchange's journal */
  journalSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  journalSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  /** The exchange's time */
  transactTime(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 24, value);
    return this;
  }

  transactTimeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 24, value, true);
    return this;
  }

  orderId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 32, value);
    return this;
  }

  orderIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 32, value, true);
    return this;
  }

  orderIdNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 32, -1, -1);
    return this;
  }

  clOrdId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 40, value);
    return this;
  }

  clOrdIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 40, value, true);
    return this;
  }

  clOrdIdNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 40, -1, -1);
    return this;
  }

  tradeId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 48, value);
    return this;
  }

  tradeIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 48, value, true);
    return this;
  }

  lastQty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 56, value);
    return this;
  }

  lastQtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 56, value, true);
    return this;
  }

  leavesQty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 64, value);
    return this;
  }

  leavesQtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 64, value, true);
    return this;
  }

  /** Below zero: a rebate */
  fee(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 72, value);
    return this;
  }

  feeBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 72, value, true);
    return this;
  }

  realizedPnl(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 80, value);
    return this;
  }

  realizedPnlBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 80, value, true);
    return this;
  }

  /** Signed, after the fill */
  position(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 88, value);
    return this;
  }

  positionBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 88, value, true);
    return this;
  }

  /** Signed, of the position */
  entryValue(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 96, value);
    return this;
  }

  entryValueBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 96, value, true);
    return this;
  }

  /** After the fill */
  collateral(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 104, value);
    return this;
  }

  collateralBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 104, value, true);
    return this;
  }

  lastPrice(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 112, value, true);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 116, value, true);
    return this;
  }

  side(value: Side): this {
    this.sbeView.setUint8(this.sbeOffset + 118, value);
    return this;
  }

  liquidity(value: LiquidityIndicator): this {
    this.sbeView.setUint8(this.sbeOffset + 119, value);
    return this;
  }

  /** The client id, where another door has given it as text */
  putClOrdIdText(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 65534)) refuseCount(length, 65534);
    this.sbeView.setUint16(this.sbeLimit, length, true);
    setBytes(this.sbeView, this.sbeLimit + 2, source, sourceOffset, length);
    this.sbeLimit += 2 + length;
    return this;
  }

  clOrdIdText(value: string): this {
    const bytes = encodeText(value, 'US-ASCII');
    return this.putClOrdIdText(bytes, 0, bytes.length);
  }
}
