// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';

/** All orders are canceled */
export class OrderMassActionReportEncoder {
  static readonly BLOCK_LENGTH = 36;
  static readonly TEMPLATE_ID = 207;
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
    this.sbeLimit = offset + 36;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 36, template 207; schema 4919, version 0.
    view.setUint32(offset, 13565988, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 36);
    setWordsLe(this.sbeView, this.sbeOffset, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 8, -1, -1);
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

  /** Orders that were canceled */
  count(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 32, value, true);
    return this;
  }
}
