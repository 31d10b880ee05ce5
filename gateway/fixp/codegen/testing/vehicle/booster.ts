// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';
import { type BoostType } from './boost-type.js';

export class BoosterDecoder {
  static readonly ENCODED_LENGTH = 2;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  boostType(): number {
    return this.sbeView.getUint8(this.sbeOffset);
  }

  power(): number {
    return this.sbeView.getUint8(this.sbeOffset + 1);
  }
}

export class BoosterEncoder {
  static readonly ENCODED_LENGTH = 2;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  boostType(value: BoostType): this {
    this.sbeView.setUint8(this.sbeOffset, value);
    return this;
  }

  power(value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 1, value);
    return this;
  }
}
