// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';

/** Cancels an order */
export class OrderCancelRequestEncoder {
  static readonly BLOCK_LENGTH = 26;
  static readonly TEMPLATE_ID = 103;
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
    this.sbeLimit = offset + 26;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 26, template 103; schema 4919, version 0.
    view.setUint32(offset, 6750234, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 26);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 16, -1, -1);
    return this;
  }

  /** This or the client id */
  orderId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  orderIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  orderIdNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    return this;
  }

  clOrdId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  clOrdIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 8, value, true);
    return this;
  }

  clOrdIdNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
    return this;
  }

  /** Refused when the exchange's time is later */
  deadline(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  deadlineBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  deadlineNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 16, -1, -1);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 24, value, true);
    return this;
  }
}
