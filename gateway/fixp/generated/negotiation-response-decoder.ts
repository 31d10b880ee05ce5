// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getBytes, getText, getUint64Le } from '../sbe/flyweight.js';

/** The session is there */
export class NegotiationResponseDecoder {
  static readonly BLOCK_LENGTH = 113;
  static readonly TEMPLATE_ID = 2;
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

  /** Recoverable */
  serverFlow(): number {
    return this.sbeView.getUint8(this.sbeOffset + 24);
  }

  accountId(): number {
    return this.sbeView.getUint32(this.sbeOffset + 25, true);
  }

  static readonly NONCE_LENGTH = 32;

  /** Part of what Establish signs */
  nonceAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 29 + index);
  }

  getNonce(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 29, target, targetOffset, 32);
  }

  epoch(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 61);
  }

  epochBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 61, true);
  }

  /** The flow begins behind this private event of the account: the one asked for, or the last one */
  accountSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 69);
  }

  accountSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 69, true);
  }

  maxKeepaliveInterval(): number {
    return this.sbeView.getUint32(this.sbeOffset + 77, true);
  }

  static readonly VENUE_LENGTH = 32;

  venueAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 81 + index);
  }

  getVenue(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 81, target, targetOffset, 32);
  }

  venue(): string {
    return getText(this.sbeView, this.sbeOffset + 81, 32);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsNegotiationResponse(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 113) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
