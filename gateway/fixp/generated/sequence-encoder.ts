// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setInt64Le, zeroBytes } from '../sbe/flyweight.js';

/** Heartbeat, and a new number for the next application message */
export class SequenceEncoder {
  static readonly BLOCK_LENGTH = 8;
  static readonly TEMPLATE_ID = 7;
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
    this.sbeLimit = offset + 8;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 8, template 7; schema 4919, version 0.
    view.setUint32(offset, 458760, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 8);
    return this;
  }

  /** Number of the sender's next application message */
  nextSeqNo(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  nextSeqNoBig(value: bigint): this {
    this.sbeView.setBigUint64(this.sbeOffset, value, true);
    return this;
  }
}
