// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setBytes, setInt64Le, setWordsLe, zeroBytes } from '../sbe/flyweight.js';
import { type FlowType } from './flow-type.js';

/** Begins a session */
export class NegotiateEncoder {
  static readonly BLOCK_LENGTH = 137;
  static readonly TEMPLATE_ID = 1;
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
    this.sbeLimit = offset + 137;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 137, template 1; schema 4919, version 0.
    view.setUint32(offset, 65673, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 137);
    setWordsLe(this.sbeView, this.sbeOffset + 121, -1, -1);
    setWordsLe(this.sbeView, this.sbeOffset + 129, -1, -1);
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

  /** The client's time; it is signed, and the server echoes it */
  timestamp(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 16, value);
    return this;
  }

  timestampBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 16, value, true);
    return this;
  }

  publicKeyAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 24 + index, value);
    return this;
  }

  putPublicKey(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 24, source, sourceOffset, 32);
    return this;
  }

  /** Over the text that PROTOCOL.md gives */
  signatureAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 56 + index, value);
    return this;
  }

  putSignature(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 56, source, sourceOffset, 64);
    return this;
  }

  /** Idempotent */
  clientFlow(value: FlowType): this {
    this.sbeView.setUint8(this.sbeOffset + 120, value);
    return this;
  }

  /** With resumeAccountSeqNo: private events behind it come first */
  resumeEpoch(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 121, value);
    return this;
  }

  resumeEpochBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 121, value, true);
    return this;
  }

  resumeEpochNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 121, -1, -1);
    return this;
  }

  resumeAccountSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 129, value);
    return this;
  }

  resumeAccountSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 129, value, true);
    return this;
  }

  resumeAccountSeqNoNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 129, -1, -1);
    return this;
  }
}
