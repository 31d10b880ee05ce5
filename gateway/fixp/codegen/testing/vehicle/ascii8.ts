// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';

export class Ascii8Decoder {
  static readonly ENCODED_LENGTH = 1;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  length(): number {
    return this.sbeView.getUint8(this.sbeOffset);
  }
}

export class Ascii8Encoder {
  static readonly ENCODED_LENGTH = 1;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  length(value: number): this {
    this.sbeView.setUint8(this.sbeOffset, value);
    return this;
  }
}
