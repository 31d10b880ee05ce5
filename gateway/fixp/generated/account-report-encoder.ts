// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type AccountEvent } from './account-event.js';

/** A private event that is neither order nor fill; the WebSocket door tells more of it */
export class AccountReportEncoder {
  static readonly BLOCK_LENGTH = 67;
  static readonly TEMPLATE_ID = 212;
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
    this.sbeLimit = offset + 67;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 67, template 212; schema 4919, version 0.
    view.setUint32(offset, 13893699, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 67);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 32, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 40, -2147483648, 0);
    setWordsLe(this.sbeView, this.sbeOffset + 48, -2147483648, 0);
    setWordsLe(this.sbeView, this.sbeOffset + 56, -2147483648, 0);
    this.sbeView.setUint16(this.sbeOffset + 64, 65535, true);
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

  /** What the account got, below zero what it paid */
  amount(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 40, value);
    return this;
  }

  amountBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 40, value, true);
    return this;
  }

  amountNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 40, -2147483648, 0);
    return this;
  }

  /** After it */
  collateral(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 48, value);
    return this;
  }

  collateralBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 48, value, true);
    return this;
  }

  collateralNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 48, -2147483648, 0);
    return this;
  }

  position(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 56, value);
    return this;
  }

  positionBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 56, value, true);
    return this;
  }

  positionNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 56, -2147483648, 0);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 64, value, true);
    return this;
  }

  marketIdNull(): this {
    this.sbeView.setUint16(this.sbeOffset + 64, 65535, true);
    return this;
  }

  accountEvent(value: AccountEvent): this {
    this.sbeView.setUint8(this.sbeOffset + 66, value);
    return this;
  }
}
