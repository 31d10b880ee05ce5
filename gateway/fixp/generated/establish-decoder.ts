// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getBytes, getUint64Le } from '../sbe/flyweight.js';

/** Binds a session to this connection */
export class EstablishDecoder {
  static readonly BLOCK_LENGTH = 101;
  static readonly TEMPLATE_ID = 4;
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

  /** Later than that of each Establish before */
  timestamp(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  timestampBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  keepaliveInterval(): number {
    return this.sbeView.getUint32(this.sbeOffset + 24, true);
  }

  /** Number of the client's next application message */
  nextSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 28);
  }

  nextSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 28, true);
  }

  static readonly SIGNATURE_LENGTH = 64;

  signatureAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 36 + index);
  }

  getSignature(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 36, target, targetOffset, 64);
  }

  /** What happens when this connection ends, unless the exchange stops */
  cancelOnDisconnect(): number {
    return this.sbeView.getUint8(this.sbeOffset + 100);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsEstablish(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 101) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
