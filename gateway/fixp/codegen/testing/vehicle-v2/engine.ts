// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getBytes, getText, setBytes, setText } from '../../../sbe/flyweight.js';
import { BoosterDecoder, BoosterEncoder } from './booster.js';
import { type Truth } from './truth.js';

export class EngineDecoder {
  static readonly ENCODED_LENGTH = 12;
  sbeView = NOTHING;
  sbeOffset = 0;
  private readonly sbeBooster = new BoosterDecoder();

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  capacity(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  cylinders(): number {
    return this.sbeView.getUint8(this.sbeOffset + 2);
  }

  maxRpm(): number {
    return 9000;
  }

  static readonly MAKER_LENGTH = 3;

  makerAt(index: number): number {
    return this.sbeView.getUint8(this.sbeOffset + 3 + index);
  }

  getMaker(target: Uint8Array, targetOffset: number): number {
    return getBytes(this.sbeView, this.sbeOffset + 3, target, targetOffset, 3);
  }

  maker(): string {
    return getText(this.sbeView, this.sbeOffset + 3, 3);
  }

  fuel(): string {
    return "Petrol";
  }

  efficiency(): number {
    return this.sbeView.getInt8(this.sbeOffset + 8);
  }

  boosterOn(): number {
    return this.sbeView.getUint8(this.sbeOffset + 9);
  }

  booster(): BoosterDecoder {
    return this.sbeBooster.wrap(this.sbeView, this.sbeOffset + 10);
  }
}

export class EngineEncoder {
  static readonly ENCODED_LENGTH = 12;
  sbeView = NOTHING;
  sbeOffset = 0;
  private readonly sbeBooster = new BoosterEncoder();

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  capacity(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  cylinders(value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 2, value);
    return this;
  }

  makerAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 3 + index, value);
    return this;
  }

  putMaker(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 3, source, sourceOffset, 3);
    return this;
  }

  maker(value: string): this {
    setText(this.sbeView, this.sbeOffset + 3, 3, value);
    return this;
  }

  efficiency(value: number): this {
    this.sbeView.setInt8(this.sbeOffset + 8, value);
    return this;
  }

  boosterOn(value: Truth): this {
    this.sbeView.setUint8(this.sbeOffset + 9, value);
    return this;
  }

  booster(): BoosterEncoder {
    return this.sbeBooster.wrap(this.sbeView, this.sbeOffset + 10);
  }
}
