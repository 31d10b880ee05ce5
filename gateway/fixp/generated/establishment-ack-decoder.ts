// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getBytes, getUint64Le } from '../sbe/flyweight.js';

/** The session is bound */
export class EstablishmentAckDecoder {
  static readonly BLOCK_LENGTH = 44;
  static readonly TEMPLATE_ID = 5;
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

  requestTimestamp(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  requestTimestampBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  /** The server's own */
  keepaliveInterval(): number {
    return this.sbeView.getUint32(this.sbeOffset + 24, true);
  }

  /** Number of the server's next application message */
  nextSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 28);
  }

  nextSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 28, true);
  }

  /** The number that the server takes next: lower ones are ignored */
  expectedSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 36);
  }

  expectedSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 36, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsEstablishmentAck(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 44) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
