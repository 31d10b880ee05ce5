// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, isInt64Le } from '../sbe/flyweight.js';

/** Limits of fills of quotes; beyond one all quotes of the session in the market are canceled */
export class MarketMakerProtectionRequestDecoder {
  static readonly BLOCK_LENGTH = 27;
  static readonly TEMPLATE_ID = 106;
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

  static readonly VOLUME_LIMIT_NULL = -9223372036854776000;

  /** Lots filled in the window */
  volumeLimit(): number {
    return getInt64Le(this.sbeView, this.sbeOffset);
  }

  volumeLimitBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset, true);
  }

  hasVolumeLimit(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset, -2147483648, 0);
  }

  static readonly DELTA_LIMIT_NULL = -9223372036854776000;

  /** Lots bought less lots sold, or the other way */
  deltaLimit(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 8);
  }

  deltaLimitBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 8, true);
  }

  hasDeltaLimit(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 8, -2147483648, 0);
  }

  /** Fills; 0: none */
  countLimit(): number {
    return this.sbeView.getUint32(this.sbeOffset + 16, true);
  }

  window(): number {
    return this.sbeView.getUint32(this.sbeOffset + 20, true);
  }

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 24, true);
  }

  action(): number {
    return this.sbeView.getUint8(this.sbeOffset + 26);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsMarketMakerProtectionRequest(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 27) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
