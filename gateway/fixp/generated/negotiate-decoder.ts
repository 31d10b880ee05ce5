// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getBytes, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** Begins a session */
export class NegotiateDecoder {
  static readonly BLOCK_LENGTH = 137;
  static readonly TEMPLATE_ID = 1;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;

  /** Lays the decoder over a message behind its header; the latter two are the header's. */
  wrap(view: DataView, offset: number, actingBlockLength: number, actingVersion: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeActingBlockLength = actingBlockLength;
    this.sbeActingVersion = actingVersion;
    this.sbeLimit = offset + actingBlockLength;
    return this;
  }

  /** Lays the decoder over a message whose header is at `offset`. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    const blockLength = view.getUint16(offset, true);
    const version = view.getUint16(offset + 6, true);
    return this.wrap(view, offset + 8, blockLength, version);
  }

  static readonly SESSION_ID_LENGTH = 16;

  sessionIdAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + index);
  }

  getSessionId(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset, target, targetOffset, 16);
  }

  /** The client's time; it is signed, and the server echoes it */
  timestamp(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  timestampBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  static readonly PUBLIC_KEY_LENGTH = 32;

  publicKeyAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 24 + index);
  }

  getPublicKey(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 24, target, targetOffset, 32);
  }

  static readonly SIGNATURE_LENGTH = 64;

  /** Over the text that PROTOCOL.md gives */
  signatureAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 56 + index);
  }

  getSignature(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 56, target, targetOffset, 64);
  }

  /** Idempotent */
  clientFlow(): number {
    return this.sbeView.getUint8(this.sbeOffset + 120);
  }

  static readonly RESUME_EPOCH_NULL = 18446744073709552000;

  /** With resumeAccountSeqNo: private events behind it come first */
  resumeEpoch(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 121);
  }

  resumeEpochBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 121, true);
  }

  hasResumeEpoch(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 121, -1, -1);
  }

  static readonly RESUME_ACCOUNT_SEQ_NO_NULL = 18446744073709552000;

  resumeAccountSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 129);
  }

  resumeAccountSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 129, true);
  }

  hasResumeAccountSeqNo(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 129, -1, -1);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsNegotiate(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 137) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
