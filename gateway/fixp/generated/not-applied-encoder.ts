// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, zeroBytes } from '../sbe/flyweight.js';

/** These messages of the client were never seen, and will not be asked for */
export class NotAppliedEncoder {
  static readonly BLOCK_LENGTH = 16;
  static readonly TEMPLATE_ID = 8;
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
    this.sbeLimit = offset + 16;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 16, template 8; schema 4919, version 0.
    view.setUint32(offset, 524304, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 16);
    return this;
  }

  fromSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  fromSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  count(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 8, value);
    return this;
  }

  countBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 8, value, true);
    return this;
  }
}
