// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes, getUint64Le } from '../sbe/flyweight.js';

/** The messages asked for do not come */
export class RetransmitRejectDecoder {
  static readonly BLOCK_LENGTH = 25;
  static readonly TEMPLATE_ID = 11;
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

  code(): number {
    return this.sbeView.getUint8(this.sbeOffset + 24);
  }

  /** A sentence */
  /** Its length in bytes; goes nowhere. */
  reasonLength(): number {
    return this.sbeView.getUint16(this.sbeLimit, true);
  }

  /** Goes behind it; gives its length in bytes. */
  skipReason(): number {
    const length = this.reasonLength();
    this.sbeLimit += 2 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getReason(target: Uint8Array, targetOffset: number): number {
    const at = this.sbeLimit + 2;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipReason());
  }

  reason(): string {
    const at = this.sbeLimit + 2;
    return decodeText(this.sbeView, at, this.skipReason(), 'US-ASCII');
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsRetransmitReject(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 25) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipRetransmitRejectReason(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipRetransmitRejectReason(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  at += 2 + view.getUint16(at, true);
  return at > end ? -1 : at;
}
