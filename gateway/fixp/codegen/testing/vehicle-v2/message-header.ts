// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING } from '../../../sbe/flyweight.js';

export class MessageHeaderDecoder {
  static readonly ENCODED_LENGTH = 8;
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

  templateId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 2, true);
  }

  schemaId(): number {
    return this.sbeView.getUint16(this.sbeOffset + 4, true);
  }

  version(): number {
    return this.sbeView.getUint16(this.sbeOffset + 6, true);
  }
}

export class MessageHeaderEncoder {
  static readonly ENCODED_LENGTH = 8;
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

  templateId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 2, value, true);
    return this;
  }

  schemaId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 4, value, true);
    return this;
  }

  version(value: number): this {
    this.sbeView.setUint16(this.sbeOffset + 6, value, true);
    return this;
  }
}
