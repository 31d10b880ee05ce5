// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setBytes, setInt64Le, zeroBytes } from '../sbe/flyweight.js';
import { type CancelOnDisconnect } from './cancel-on-disconnect.js';

/** Binds a session to this connection */
export class EstablishEncoder {
  static readonly BLOCK_LENGTH = 101;
  static readonly TEMPLATE_ID = 4;
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
    this.sbeLimit = offset + 101;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 101, template 4; schema 4919, version 0.
    view.setUint32(offset, 262245, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 101);
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

  /** Later than that of each Establish before */
  timestamp(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  timestampBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  keepaliveInterval(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 24, value, true);
    return this;
  }

  /** Number of the client's next application message */
  nextSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 28, value);
    return this;
  }

  nextSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 28, value, true);
    return this;
  }

  signatureAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 36 + index, value);
    return this;
  }

  putSignature(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 36, source, sourceOffset, 64);
    return this;
  }

  /** What happens when this connection ends, unless the exchange stops */
  cancelOnDisconnect(value: CancelOnDisconnect): this {
    this.sbeView.setUint8(this.sbeOffset + 100, value);
    return this;
  }
}
