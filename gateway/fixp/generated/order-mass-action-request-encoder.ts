// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type Side } from './side.js';

/** Cancels all orders */
export class OrderMassActionRequestEncoder {
  static readonly BLOCK_LENGTH = 11;
  static readonly TEMPLATE_ID = 104;
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
    this.sbeLimit = offset + 11;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 11, template 104; schema 4919, version 0.
    view.setUint32(offset, 6815755, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 11);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    this.sbeView.setUint16(this.sbeOffset + 8, 65535, true);
    this.sbeView.setUint8(this.sbeOffset + 10, 0);
    return this;
  }

  /** Refused when the exchange's time is later */
  deadline(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  deadlineBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  deadlineNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    return this;
  }

  /** Null: all markets */
  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 8, value, true);
    return this;
  }

  marketIdNull(): this {
    this.sbeView.setUint16(this.sbeOffset + 8, 65535, true);
    return this;
  }

  /** Null: both */
  side(value: Side): this {
    this.sbeView.setUint8(this.sbeOffset + 10, value);
    return this;
  }

  sideNull(): this {
    this.sbeView.setUint8(this.sbeOffset + 10, 0);
    return this;
  }
}
