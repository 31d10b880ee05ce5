// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';

/** All of a MassQuote is done */
export class MassQuoteAckEncoder {
  static readonly BLOCK_LENGTH = 38;
  static readonly TEMPLATE_ID = 208;
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
    this.sbeLimit = offset + 38;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 38, template 208; schema 4919, version 0.
    view.setUint32(offset, 13631526, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 38);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
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

  transactTime(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  transactTimeBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 8, value, true);
    return this;
  }

  quoteId(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  quoteIdBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 24, value, true);
    return this;
  }

  /** Sides that rest or have traded */
  accepted(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 26, value, true);
    return this;
  }

  /** Sides that were refused: a report of each goes before */
  rejected(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 30, value, true);
    return this;
  }

  /** Sides that were taken back */
  canceled(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 34, value, true);
    return this;
  }
}
