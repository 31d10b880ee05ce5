// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setBytes, setInt64Le, zeroBytes } from '../sbe/flyweight.js';

/** The session is bound */
export class EstablishmentAckEncoder {
  static readonly BLOCK_LENGTH = 44;
  static readonly TEMPLATE_ID = 5;
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
    this.sbeLimit = offset + 44;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 44, template 5; schema 4919, version 0.
    view.setUint32(offset, 327724, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 44);
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

  /** The server's own */
  keepaliveInterval(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 24, value, true);
    return this;
  }

  /** Number of the server's next application message */
  nextSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 28, value);
    return this;
  }

  nextSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 28, value, true);
    return this;
  }

  /** The number that the server takes next: lower ones are ignored */
  expectedSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 36, value);
    return this;
  }

  expectedSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 36, value, true);
    return this;
  }
}
