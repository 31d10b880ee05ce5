// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getBytes, getInt64Le, getText } from '../sbe/flyweight.js';
import { DecimalDecoder } from './decimal.js';

/** A market */
export class SecurityDefinitionDecoder {
  static readonly BLOCK_LENGTH = 85;
  static readonly TEMPLATE_ID = 301;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeTickSize = new DecimalDecoder();
  private readonly sbeLotSize = new DecimalDecoder();

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

  marketId(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  state(): number {
    return this.sbeView.getUint8(this.sbeOffset + 2);
  }

  static readonly SYMBOL_LENGTH = 32;

  symbolAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 3 + index);
  }

  getSymbol(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 3, target, targetOffset, 32);
  }

  symbol(): string {
    return getText(this.sbeView, this.sbeOffset + 3, 32);
  }

  /** USD */
  tickSize(): DecimalDecoder {
    return this.sbeTickSize.wrap(this.sbeView, this.sbeOffset + 35);
  }

  lotSize(): DecimalDecoder {
    return this.sbeLotSize.wrap(this.sbeView, this.sbeOffset + 44);
  }

  priceMax(): number {
    return this.sbeView.getInt32(this.sbeOffset + 53, true);
  }

  qtyMax(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 57);
  }

  qtyMaxBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 57, true);
  }

  minNotional(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 65);
  }

  minNotionalBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 65, true);
  }

  initialMarginRate(): number {
    return this.sbeView.getUint32(this.sbeOffset + 73, true);
  }

  maintenanceMarginRate(): number {
    return this.sbeView.getUint32(this.sbeOffset + 77, true);
  }

  openOrdersMax(): number {
    return this.sbeView.getUint32(this.sbeOffset + 81, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsSecurityDefinition(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  _version: number,
): boolean {
  if (blockLength < 85) return false;
  const at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  return true;
}
