// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getUint64Le, isInt64Le } from '../sbe/flyweight.js';

/** All orders are canceled */
export class OrderMassActionReportDecoder {
  static readonly BLOCK_LENGTH = 36;
  static readonly TEMPLATE_ID = 207;
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

  static readonly ACCOUNT_SEQ_NO_NULL = 18446744073709552000;

  /** Number in the account's private feed; null: an answer only */
  accountSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 8);
  }

  accountSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 8, true);
  }

  hasAccountSeqNo(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 8, -1, -1);
  }

  /** Number of its cause in the exchange's journal */
  journalSeqNo(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 16);
  }

  journalSeqNoBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 16, true);
  }

  /** The exchange's time */
  transactTime(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 24);
  }

  transactTimeBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 24, true);
  }

  /** Orders that were canceled */
  count(): number {
    return this.sbeView.getUint32(this.sbeOffset + 32, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsOrderMassActionReport(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 36) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
