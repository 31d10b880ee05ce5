// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type OrdType } from './ord-type.js';
import { type SelfTradePrevention } from './self-trade-prevention.js';
import { type Side } from './side.js';
import { type TimeInForce } from './time-in-force.js';

/** Places an order */
export class NewOrderSingleEncoder {
  static readonly BLOCK_LENGTH = 43;
  static readonly TEMPLATE_ID = 101;
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
    this.sbeLimit = offset + 43;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 43, template 101; schema 4919, version 0.
    view.setUint32(offset, 6619179, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 43);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 16, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 24, -1, -1);
    this.sbeView.setInt32(this.sbeOffset + 32, -2147483648, true);
    return this;
  }

  clOrdId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  clOrdIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  clOrdIdNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    return this;
  }

  orderQty(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  orderQtyBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 8, value, true);
    return this;
  }

  /** Of GoodTillDate */
  expireTime(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  expireTimeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  expireTimeNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 16, -1, -1);
    return this;
  }

  /** Refused when the exchange's time is later */
  deadline(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 24, value);
    return this;
  }

  deadlineBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 24, value, true);
    return this;
  }

  deadlineNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 24, -1, -1);
    return this;
  }

  /** Of a market order the worst that it accepts */
  price(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 32, value, true);
    return this;
  }

  priceNull(): this {
    this.sbeView.setInt32(this.sbeOffset + 32, -2147483648, true);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 36, value, true);
    return this;
  }

  side(value: Side): this {
    this.sbeView.setUint8(this.sbeOffset + 38, value);
    return this;
  }

  ordType(value: OrdType): this {
    this.sbeView.setUint8(this.sbeOffset + 39, value);
    return this;
  }

  timeInForce(value: TimeInForce): this {
    this.sbeView.setUint8(this.sbeOffset + 40, value);
    return this;
  }

  execInst(bits: number): this {
    this.sbeView.setUint8(this.sbeOffset + 41, bits);
    return this;
  }

  execInstPostOnly(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 41);
    this.sbeView.setUint8(this.sbeOffset + 41, value ? bits | 1 : bits & 254);
    return this;
  }

  execInstPostOnlySlide(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 41);
    this.sbeView.setUint8(this.sbeOffset + 41, value ? bits | 2 : bits & 253);
    return this;
  }

  execInstReduceOnly(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 41);
    this.sbeView.setUint8(this.sbeOffset + 41, value ? bits | 4 : bits & 251);
    return this;
  }

  selfTradePrevention(value: SelfTradePrevention): this {
    this.sbeView.setUint8(this.sbeOffset + 42, value);
    return this;
  }
}
