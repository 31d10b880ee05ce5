// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';

export class Text16Decoder {
  static readonly ENCODED_LENGTH = 2;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  length(): number {
    return this.sbeView.getUint16(this.sbeOffset, false);
  }
}

export class Text16Encoder {
  static readonly ENCODED_LENGTH = 2;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  length(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, false);
    return this;
  }
}
