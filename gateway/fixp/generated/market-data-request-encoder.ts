// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, zeroBytes } from '../sbe/flyweight.js';
import { type SubscriptionAction } from './subscription-action.js';

/** Subscribes to the book and the trades of a market */
export class MarketDataRequestEncoder {
  static readonly BLOCK_LENGTH = 3;
  static readonly TEMPLATE_ID = 110;
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
    this.sbeLimit = offset + 3;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 3, template 110; schema 4919, version 0.
    view.setUint32(offset, 7208963, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 3);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  action(value: SubscriptionAction): this {
    this.sbeView.setUint8(this.sbeOffset + 2, value);
    return this;
  }
}
