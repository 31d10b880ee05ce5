// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type ProtectionAction } from './protection-action.js';

/** Limits of fills of quotes; beyond one all quotes of the session in the market are canceled */
export class MarketMakerProtectionRequestEncoder {
  static readonly BLOCK_LENGTH = 27;
  static readonly TEMPLATE_ID = 106;
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
    this.sbeLimit = offset + 27;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 27, template 106; schema 4919, version 0.
    view.setUint32(offset, 6946843, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 27);
    setWordsLe(this.sbeView, this.sbeOffset, -2147483648, 0);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -2147483648, 0);
    return this;
  }

  /** Lots filled in the window */
  volumeLimit(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  volumeLimitBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset, value, true);
    return this;
  }

  volumeLimitNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset, -2147483648, 0);
    return this;
  }

  /** Lots bought less lots sold, or the other way */
  deltaLimit(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  deltaLimitBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 8, value, true);
    return this;
  }

  deltaLimitNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 8, -2147483648, 0);
    return this;
  }

  /** Fills; 0: none */
  countLimit(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 16, value, true);
    return this;
  }

  window(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 20, value, true);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 24, value, true);
    return this;
  }

  action(value: ProtectionAction): this {
    this.sbeView.setUint8(this.sbeOffset + 26, value);
    return this;
  }
}
