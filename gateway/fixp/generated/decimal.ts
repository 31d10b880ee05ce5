// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, getInt64Le, setInt64Le } from '../sbe/flyweight.js';

/** mantissa times ten to the power of exponent */
export class DecimalDecoder {
  static readonly ENCODED_LENGTH = 9;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  mantissa(): number {
    return getInt64Le(this.sbeView, this.sbeOffset);
  }

  mantissaBig(): bigint {
    return this.sbeView.getBigInt64(this.sbeOffset, true);
  }

  exponent(): number {
    return this.sbeView.getInt8(this.sbeOffset + 8);
  }
}

/** mantissa times ten to the power of exponent */
export class DecimalEncoder {
  static readonly ENCODED_LENGTH = 9;
  sbeView = NOTHING;
  sbeOffset = 0;

  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    return this;
  }

  mantissa(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset, value);
    return this;
  }

  mantissaBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset, value, true);
    return this;
  }

  exponent(value: number): this {
    this.sbeView.setInt8(this.sbeOffset + 8, value);
    return this;
  }
}
