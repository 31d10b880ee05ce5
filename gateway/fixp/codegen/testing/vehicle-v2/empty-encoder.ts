// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, zeroBytes } from '../../../sbe/flyweight.js';

export class EmptyEncoder {
  static readonly BLOCK_LENGTH = 0;
  static readonly TEMPLATE_ID = 2;
  static readonly SCHEMA_ID = 77;
  static readonly VERSION = 3;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 0;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 0, template 2; schema 77, version 3.
    view.setUint32(offset, 131072, true);
    view.setUint32(offset + 4, 196685, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 0);
    return this;
  }
}
