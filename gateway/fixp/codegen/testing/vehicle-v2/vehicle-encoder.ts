// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, encodeText, refuseCount, setBytes, setInt64Le, setText, setWordsLe, zeroBytes } from '../../../sbe/flyweight.js';
import { BoosterEncoder } from './booster.js';
import { EngineEncoder } from './engine.js';
import { type Gear } from './gear.js';
import { type Model } from './model.js';
import { type Truth } from './truth.js';

/** One of each */
export class VehicleEncoder {
  static readonly BLOCK_LENGTH = 180;
  static readonly TEMPLATE_ID = 1;
  static readonly SCHEMA_ID = 77;
  static readonly VERSION = 3;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeEngine = new EngineEncoder();
  private readonly sbeLateBooster = new BoosterEncoder();

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 180;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 180, template 1; schema 77, version 3.
    view.setUint32(offset, 65716, true);
    view.setUint32(offset + 4, 196685, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 180);
    this.sbeView.setInt16(this.sbeOffset + 12, -32768, true);
    setWordsLe(this.sbeView, this.sbeOffset + 72, -2147483648, 0);
    setWordsLe(this.sbeView, this.sbeOffset + 80, 0, 0);
    this.sbeView.setFloat32(this.sbeOffset + 88, Number.NaN, true);
    this.sbeView.setFloat64(this.sbeOffset + 92, -1.5, true);
    this.sbeView.setUint16(this.sbeOffset + 100, 1, true);
    setWordsLe(this.sbeView, this.sbeOffset + 116, -2147483648, 0);
    return this;
  }

  serial(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  serialBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }

  year(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 8, value, true);
    return this;
  }

  available(value: Truth): this {
    this.sbeView.setUint8(this.sbeOffset + 10, value);
    return this;
  }

  model(value: Model): this {
    this.sbeView.setUint8(this.sbeOffset + 11, value);
    return this;
  }

  gear(value: Gear): this {
    this.sbeView.setInt16(this.sbeOffset + 12, value, true);
    return this;
  }

  gearNull(): this {
    this.sbeView.setInt16(this.sbeOffset + 12, -32768, true);
    return this;
  }

  marksAt(index: number, value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 14 + index * 4, value, true);
    return this;
  }

  plateAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 30 + index, value);
    return this;
  }

  putPlate(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 30, source, sourceOffset, 8);
    return this;
  }

  plate(value: string): this {
    setText(this.sbeView, this.sbeOffset + 30, 8, value);
    return this;
  }

  extras(bits: number): this {
    this.sbeView.setUint8(this.sbeOffset + 38, bits);
    return this;
  }

  extrasRoof(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 38);
    this.sbeView.setUint8(this.sbeOffset + 38, value ? bits | 1 : bits & 254);
    return this;
  }

  extrasHook(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 38);
    this.sbeView.setUint8(this.sbeOffset + 38, value ? bits | 2 : bits & 253);
    return this;
  }

  extrasRadio(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 38);
    this.sbeView.setUint8(this.sbeOffset + 38, value ? bits | 128 : bits & 127);
    return this;
  }

  wideExtras(bits: number): this {
    this.sbeView.setUint32(this.sbeOffset + 39, bits, true);
    return this;
  }

  wideExtrasLow(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 39);
    this.sbeView.setUint8(this.sbeOffset + 39, value ? bits | 4 : bits & 251);
    return this;
  }

  wideExtrasHigh(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 42);
    this.sbeView.setUint8(this.sbeOffset + 42, value ? bits | 128 : bits & 127);
    return this;
  }

  engine(): EngineEncoder {
    return this.sbeEngine.wrap(this.sbeView, this.sbeOffset + 60);
  }

  signed(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 72, value);
    return this;
  }

  signedBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 72, value, true);
    return this;
  }

  signedNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 72, -2147483648, 0);
    return this;
  }

  unsigned(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 80, value);
    return this;
  }

  unsignedBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset + 80, value, true);
    return this;
  }

  unsignedNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 80, 0, 0);
    return this;
  }

  ratio(value: number): this {
    this.sbeView.setFloat32(this.sbeOffset + 88, value, true);
    return this;
  }

  ratioNull(): this {
    this.sbeView.setFloat32(this.sbeOffset + 88, Number.NaN, true);
    return this;
  }

  exact(value: number): this {
    this.sbeView.setFloat64(this.sbeOffset + 92, value, true);
    return this;
  }

  exactNull(): this {
    this.sbeView.setFloat64(this.sbeOffset + 92, -1.5, true);
    return this;
  }

  maybeYear(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 100, value, true);
    return this;
  }

  maybeYearNull(): this {
    this.sbeView.setUint16(this.sbeOffset + 100, 1, true);
    return this;
  }

  rawAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 102 + index, value);
    return this;
  }

  putRaw(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 102, source, sourceOffset, 3);
    return this;
  }

  initial(value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 105, value);
    return this;
  }

  tiny(value: number): this {
    this.sbeView.setInt8(this.sbeOffset + 106, value);
    return this;
  }

  /** Since version 1. */
  speed(value: number): this {
    this.sbeView.setFloat64(this.sbeOffset + 107, value, true);
    return this;
  }

  /** Since version 2. */
  doors(value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 115, value);
    return this;
  }

  /** Since version 2. */
  weight(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 116, value);
    return this;
  }

  weightBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 116, value, true);
    return this;
  }

  weightNull(): this {
    setWordsLe(this.sbeView, this.sbeOffset + 116, -2147483648, 0);
    return this;
  }

  /** Since version 2. */
  colourAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 124 + index, value);
    return this;
  }

  putColour(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 124, source, sourceOffset, 8);
    return this;
  }

  colour(value: string): this {
    setText(this.sbeView, this.sbeOffset + 124, 8, value);
    return this;
  }

  /** Since version 3. */
  lateExtras(bits: number): this {
    this.sbeView.setUint8(this.sbeOffset + 132, bits);
    return this;
  }

  lateExtrasRoof(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 132);
    this.sbeView.setUint8(this.sbeOffset + 132, value ? bits | 1 : bits & 254);
    return this;
  }

  lateExtrasHook(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 132);
    this.sbeView.setUint8(this.sbeOffset + 132, value ? bits | 2 : bits & 253);
    return this;
  }

  lateExtrasRadio(value: boolean): this {
    const bits = this.sbeView.getUint8(this.sbeOffset + 132);
    this.sbeView.setUint8(this.sbeOffset + 132, value ? bits | 128 : bits & 127);
    return this;
  }

  /** Since version 3. */
  lateBooster(): BoosterEncoder {
    return this.sbeLateBooster.wrap(this.sbeView, this.sbeOffset + 133);
  }

  putManufacturer(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 4294967294)) refuseCount(length, 4294967294);
    this.sbeView.setUint32(this.sbeLimit, length, true);
    setBytes(this.sbeView, this.sbeLimit + 4, source, sourceOffset, length);
    this.sbeLimit += 4 + length;
    return this;
  }

  manufacturer(value: string): this {
    const bytes = encodeText(value, 'UTF-8');
    return this.putManufacturer(bytes, 0, bytes.length);
  }

  putPicture(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 65534)) refuseCount(length, 65534);
    this.sbeView.setUint16(this.sbeLimit, length, true);
    setBytes(this.sbeView, this.sbeLimit + 2, source, sourceOffset, length);
    this.sbeLimit += 2 + length;
    return this;
  }

  /** Since version 3. */
  putRemarks(source: Uint8Array, sourceOffset: number, length: number): this {
    if (!(length >= 0 && length <= 4294967294)) refuseCount(length, 4294967294);
    this.sbeView.setUint32(this.sbeLimit, length, true);
    setBytes(this.sbeView, this.sbeLimit + 4, source, sourceOffset, length);
    this.sbeLimit += 4 + length;
    return this;
  }

  remarks(value: string): this {
    const bytes = encodeText(value, 'UTF-8');
    return this.putRemarks(bytes, 0, bytes.length);
  }
}
