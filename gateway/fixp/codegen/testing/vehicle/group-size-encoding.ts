// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';

export class GroupSizeEncodingDecoder {
  static readonly ENCODED_LENGTH = 4;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  blockLength(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  numInGroup(): number {
    return this.sbeView.getUint16(this.sbeOffset + 2, true);
  }
}

export class GroupSizeEncodingEncoder {
  static readonly ENCODED_LENGTH = 4;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  blockLength(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  numInGroup(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 2, value, true);
    return this;
  }
}
