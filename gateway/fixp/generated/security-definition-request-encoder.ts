// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, zeroBytes } from '../sbe/flyweight.js';

/** Asks for markets */
export class SecurityDefinitionRequestEncoder {
  static readonly BLOCK_LENGTH = 2;
  static readonly TEMPLATE_ID = 109;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 2;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 2, template 109; schema 4919, version 0.
    view.setUint32(offset, 7143426, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 2);
    this.sbeView.setUint16(this.sbeOffset, 65535, true);
    return this;
  }

  /** Null: all markets */
  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  marketIdNull(): this {
    this.sbeView.setUint16(this.sbeOffset, 65535, true);
    return this;
  }
}
