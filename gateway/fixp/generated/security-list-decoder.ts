// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** So many SecurityDefinitions went before */
export class SecurityListDecoder {
  static readonly BLOCK_LENGTH = 20;
  static readonly TEMPLATE_ID = 214;
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

  count(): number {
    return this.sbeView.getUint32(this.sbeOffset + 16, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsSecurityList(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 20) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
