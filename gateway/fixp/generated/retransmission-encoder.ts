// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setBytes, setInt64Le, zeroBytes } from '../sbe/flyweight.js';

/** The messages asked for follow */
export class RetransmissionEncoder {
  static readonly BLOCK_LENGTH = 36;
  static readonly TEMPLATE_ID = 10;
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
    // Block length 36, template 10; schema 4919, version 0.
    view.setUint32(offset, 655396, true);
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
    return this;
  }

  sessionIdAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + index, value);
    return this;
  }

  putSessionId(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset, source, sourceOffset, 16);
    return this;
  }

  /** Number of the next application message */
  nextSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  nextSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  requestTimestamp(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 24, value);
    return this;
  }

  requestTimestampBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 24, value, true);
    return this;
  }

  /** So many application messages follow, then the flow goes on where it was */
  count(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 32, value, true);
    return this;
  }
}
