// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type OrdStatus } from './ord-status.js';
import { type Side } from './side.js';

/** What an order is now; also the answer to a client id that was used already */
export class ExecutionReportStatusEncoder {
  static readonly BLOCK_LENGTH = 72;
  static readonly TEMPLATE_ID = 206;
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
    this.sbeLimit = offset + 72;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 72, template 206; schema 4919, version 0.
    view.setUint32(offset, 13500488, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 72);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 32, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 40, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 48, -2147483648, 0);
    setWordsLe(this.sbeView, this.sbeOffset + 56, -2147483648, 0);
    this.sbeView.setInt32(this.sbeOffset + 64, -2147483648, true);
    this.sbeView.setUint8(this.sbeOffset + 70, 0);
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

  orderQty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 48, value);
    return this;
  }

  orderQtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 48, value, true);
    return this;
  }

  orderQtyNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 48, -2147483648, 0);
    return this;
  }

  leavesQty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 56, value);
    return this;
  }

  leavesQtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 56, value, true);
    return this;
  }

  leavesQtyNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 56, -2147483648, 0);
    return this;
  }

  price(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 64, value, true);
    return this;
  }

  priceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 64, -2147483648, true);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 68, value, true);
    return this;
  }

  side(value: Side): this {
    this.sbeView.setUint8(this.sbeOffset + 70, value);
    return this;
  }

  sideNull(): this {
    this.sbeView.setUint8(this.sbeOffset + 70, 0);
    return this;
  }

  status(value: OrdStatus): this {
    this.sbeView.setUint8(this.sbeOffset + 71, value);
    return this;
  }
}
