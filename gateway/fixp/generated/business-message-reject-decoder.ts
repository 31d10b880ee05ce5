// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** The door has refused a request; nothing was sent to the exchange */
export class BusinessMessageRejectDecoder {
  static readonly BLOCK_LENGTH = 20;
  static readonly TEMPLATE_ID = 210;
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

  static readonly REQUEST_SEQ_NO_NULL = 18446744073709552000;

  /** The message of the client that it answers; null: something else has happened */
  requestSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  requestSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  hasRequestSeqNo(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset, -1, -1);
  }

  transactTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 8);
  }

  transactTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 8, true);
  }

  refTemplateId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 16, true);
  }

  code(): number {
    return this.sbeView.getUint16(this.sbeOffset + 18, true);
  }

  /** Code and sentence */
  /** Its length in bytes; goes nowhere. */
  textLength(): number {
    return this.sbeView.getUint16(this.sbeLimit, true);
  }

  /** Goes behind it; gives its length in bytes. */
  skipText(): number {
    const length = this.textLength();
    this.sbeLimit += 2 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getText(target: Uint8Array, targetOffset: number): number {
    const at = this.sbeLimit + 2;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipText());
  }

  text(): string {
    const at = this.sbeLimit + 2;
    return decodeText(this.sbeView, at, this.skipText(), 'US-ASCII');
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsBusinessMessageReject(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 20) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipBusinessMessageRejectText(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipBusinessMessageRejectText(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  at += 2 + view.getUint16(at, true);
  return at > end ? -1 : at;
}
