// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes, getInt64Le, getText, getUint64Le, isInt64Le } from '../../../sbe/flyweight.js';
import { EngineDecoder } from './engine.js';

/** One of each */
export class VehicleDecoder {
  static readonly BLOCK_LENGTH = 150;
  static readonly TEMPLATE_ID = 1;
  static readonly SCHEMA_ID = 77;
  static readonly VERSION = 1;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeEngine = new EngineDecoder();

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

  serial(): number {
    return getUint64Le(this.sbeView, this.sbeOffset);
  }

  serialBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset, true);
  }

  year(): number {
    return this.sbeView.getUint16(this.sbeOffset + 8, true);
  }

  available(): number {
    return this.sbeView.getUint8(this.sbeOffset + 10);
  }

  model(): number {
    return this.sbeView.getUint8(this.sbeOffset + 11);
  }

  static readonly GEAR_NULL = -32768;

  gear(): number {
    return this.sbeView.getInt16(this.sbeOffset + 12, true);
  }

  hasGear(): boolean {
    return this.sbeView.getInt16(this.sbeOffset + 12, true) !== -32768;
  }

  static readonly MARKS_LENGTH = 4;

  marksAt(index: number): number {
    return this.sbeView.getUint32(this.sbeOffset + 14 + index * 4, true);
  }

  static readonly PLATE_LENGTH = 8;

  plateAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 30 + index);
  }

  getPlate(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 30, target, targetOffset, 8);
  }

  plate(): string {
    return getText(this.sbeView, this.sbeOffset + 30, 8);
  }

  extras(): number {
    return this.sbeView.getUint8(this.sbeOffset + 38);
  }

  extrasRoof(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 38) & 1) !== 0;
  }

  extrasHook(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 38) & 2) !== 0;
  }

  extrasRadio(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 38) & 128) !== 0;
  }

  wideExtras(): number {
    return this.sbeView.getUint32(this.sbeOffset + 39, true);
  }

  wideExtrasLow(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 39) & 4) !== 0;
  }

  wideExtrasHigh(): boolean {
    return (this.sbeView.getUint8(this.sbeOffset + 42) & 128) !== 0;
  }

  best(): number {
    return 76;
  }

  engine(): EngineDecoder {
    return this.sbeEngine.wrap(this.sbeView, this.sbeOffset + 60);
  }

  static readonly SIGNED_NULL = -9223372036854776000;

  signed(): number {
    return getInt64Le(this.sbeView, this.sbeOffset + 72);
  }

  signedBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset + 72, true);
  }

  hasSigned(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 72, -2147483648, 0);
  }

  static readonly UNSIGNED_NULL = 0;

  unsigned(): number {
    return getUint64Le(this.sbeView, this.sbeOffset + 80);
  }

  unsignedBig(): bigint {
    return this.sbeView.getBigUint64(this.sbeOffset + 80, true);
  }

  hasUnsigned(): boolean {
    return !isInt64Le(this.sbeView, this.sbeOffset + 80, 0, 0);
  }

  static readonly RATIO_NULL = Number.NaN;

  ratio(): number {
    return this.sbeView.getFloat32(this.sbeOffset + 88, true);
  }

  hasRatio(): boolean {
    return !Number.isNaN(this.sbeView.getFloat32(this.sbeOffset + 88, true));
  }

  static readonly EXACT_NULL = -1.5;

  exact(): number {
    return this.sbeView.getFloat64(this.sbeOffset + 92, true);
  }

  hasExact(): boolean {
    return this.sbeView.getFloat64(this.sbeOffset + 92, true) !== -1.5;
  }

  static readonly MAYBE_YEAR_NULL = 1;

  maybeYear(): number {
    return this.sbeView.getUint16(this.sbeOffset + 100, true);
  }

  hasMaybeYear(): boolean {
    return this.sbeView.getUint16(this.sbeOffset + 100, true) !== 1;
  }

  static readonly RAW_LENGTH = 3;

  rawAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 102 + index);
  }

  getRaw(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 102, target, targetOffset, 3);
  }

  initial(): number {
    return this.sbeView.getUint8(this.sbeOffset + 105);
  }

  tiny(): number {
    return this.sbeView.getInt8(this.sbeOffset + 106);
  }

  static readonly SPEED_NULL = Number.NaN;

  /** Since version 1. */
  speed(): number {
    if (this.sbeActingVersion < 1) return Number.NaN;
    return this.sbeView.getFloat64(this.sbeOffset + 107, true);
  }

  hasSpeed(): boolean {
    if (this.sbeActingVersion < 1) return false;
    return true;
  }

  /** Its length in bytes; goes nowhere. */
  manufacturerLength(): number {
    return this.sbeView.getUint32(this.sbeLimit, true);
  }

  /** Goes behind it; gives its length in bytes. */
  skipManufacturer(): number {
    const length = this.manufacturerLength();
    this.sbeLimit += 4 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getManufacturer(target: Uint8Array, targetOffset: number): number {
    const at = this.sbeLimit + 4;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipManufacturer());
  }

  manufacturer(): string {
    const at = this.sbeLimit + 4;
    return decodeText(this.sbeView, at, this.skipManufacturer(), 'UTF-8');
  }

  /** Its length in bytes; goes nowhere. */
  pictureLength(): number {
    return this.sbeView.getUint16(this.sbeLimit, true);
  }

  /** Goes behind it; gives its length in bytes. */
  skipPicture(): number {
    const length = this.pictureLength();
    this.sbeLimit += 2 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getPicture(target: Uint8Array, targetOffset: number): number {
    const at = this.sbeLimit + 2;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipPicture());
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsVehicle(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < (version >= 1 ? 115 : 107)) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipVehicleManufacturer(view, at, end, version);
  if (at < 0) return false;
  at = skipVehiclePicture(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipVehicleManufacturer(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  at += 4 + view.getUint32(at, true);
  return at > end ? -1 : at;
}

function skipVehiclePicture(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  at += 2 + view.getUint16(at, true);
  return at > end ? -1 : at;
}
