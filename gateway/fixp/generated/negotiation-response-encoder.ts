// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setBytes, setInt64Le, setText, zeroBytes } from '../sbe/flyweight.js';
import { type FlowType } from './flow-type.js';

/** The session is there */
export class NegotiationResponseEncoder {
  static readonly BLOCK_LENGTH = 113;
  static readonly TEMPLATE_ID = 2;
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
    this.sbeLimit = offset + 113;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 113, template 2; schema 4919, version 0.
    view.setUint32(offset, 131185, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 113);
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

  requestTimestamp(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  requestTimestampBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  /** Recoverable */
  serverFlow(value: FlowType): this {
    this.sbeView.setUint8(this.sbeOffset + 24, value);
    return this;
  }

  accountId(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 25, value, true);
    return this;
  }

  /** Part of what Establish signs */
  nonceAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 29 + index, value);
    return this;
  }

  putNonce(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 29, source, sourceOffset, 32);
    return this;
  }

  epoch(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 61, value);
    return this;
  }

  epochBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 61, value, true);
    return this;
  }

  /** The flow begins behind this private event of the account: the one asked for, or the last one */
  accountSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 69, value);
    return this;
  }

  accountSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 69, value, true);
    return this;
  }

  maxKeepaliveInterval(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 77, value, true);
    return this;
  }

  venueAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 81 + index, value);
    return this;
  }

  putVenue(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 81, source, sourceOffset, 32);
    return this;
  }

  venue(value: string): this {
    setText(this.sbeView, this.sbeOffset + 81, 32, value);
    return this;
  }
}
