// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';

export class Text32Decoder {
  static readonly ENCODED_LENGTH = 4;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  length(): number {
    return this.sbeView.getUint32(this.sbeOffset, true);
  }
}

export class Text32Encoder {
  static readonly ENCODED_LENGTH = 4;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  length(value: number): this {
    this.sbeView.setUint32(this.sbeOffset, value, true);
    return this;
  }
}
