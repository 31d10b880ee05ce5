// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';

export class SmallGroupDecoder {
  static readonly ENCODED_LENGTH = 2;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  blockLength(): number {
    return this.sbeView.getUint8(this.sbeOffset);
  }

  numInGroup(): number {
    return this.sbeView.getUint8(this.sbeOffset + 1);
  }
}

export class SmallGroupEncoder {
  static readonly ENCODED_LENGTH = 2;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  blockLength(value: number): this {
    this.sbeView.setUint8(this.sbeOffset, value);
    return this;
  }

  numInGroup(value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 1, value);
    return this;
  }
}
