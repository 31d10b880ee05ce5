// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, encodeText, refuseCount, setBytes, setInt64Le, zeroBytes } from '../sbe/flyweight.js';
import { type EstablishmentRejectCode } from './establishment-reject-code.js';

/** The session is not bound */
export class EstablishmentRejectEncoder {
  static readonly BLOCK_LENGTH = 25;
  static readonly TEMPLATE_ID = 6;
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
    this.sbeLimit = offset + 25;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 25, template 6; schema 4919, version 0.
    view.setUint32(offset, 393241, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 25);
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

  code(value: EstablishmentRejectCode): this {
    this.sbeView.setUint8(this.sbeOffset + 24, value);
    return this;
  }

  /** A sentence */
  putReason(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 65534)) refuseCount(length, 65534);
    this.sbeView.setUint16(this.sbeLimit, length, true);
    setBytes(this.sbeView, this.sbeLimit + 2, source, sourceOffset, length);
    this.sbeLimit += 2 + length;
    return this;
  }

  reason(value: string): this {
    const bytes = encodeText(value, 'US-ASCII');
    return this.putReason(bytes, 0, bytes.length);
  }
}
