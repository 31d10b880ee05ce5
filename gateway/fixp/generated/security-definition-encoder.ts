// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, setBytes, setInt64Le, setText, zeroBytes } from '../sbe/flyweight.js';
import { DecimalEncoder } from './decimal.js';
import { type MarketState } from './market-state.js';

/** A market */
export class SecurityDefinitionEncoder {
  static readonly BLOCK_LENGTH = 85;
  static readonly TEMPLATE_ID = 301;
  static readonly SCHEMA_ID = 4919;
  static readonly VERSION = 0;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  private readonly sbeTickSize = new DecimalEncoder();
  private readonly sbeLotSize = new DecimalEncoder();

  /** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */
  wrap(view: DataView, offset: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeLimit = offset + 85;
    return this;
  }

  /** Writes the header at `offset`, and lays the encoder behind it. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    // Block length 85, template 301; schema 4919, version 0.
    view.setUint32(offset, 19726421, true);
    view.setUint32(offset + 4, 4919, true);
    return this.wrap(view, offset + 8);
  }

  /** The length so far, without the header. */
  sbeEncodedLength(): number {
    return this.sbeLimit - this.sbeOffset;
  }

  /** Writes zeros over the block, and null into what is optional. */
  clear(): this {
    zeroBytes(this.sbeView, this.sbeOffset, 85);
    return this;
  }

  marketId(value: number): this {
    this.sbeView.setUint16(this.sbeOffset, value, true);
    return this;
  }

  state(value: MarketState): this {
    this.sbeView.setUint8(this.sbeOffset + 2, value);
    return this;
  }

  symbolAt(index: number, value: number): this {
    this.sbeView.setUint8(this.sbeOffset + 3 + index, value);
    return this;
  }

  putSymbol(source: Uint8Array, sourceOffset: number): this {
    setBytes(this.sbeView, this.sbeOffset + 3, source, sourceOffset, 32);
    return this;
  }

  symbol(value: string): this {
    setText(this.sbeView, this.sbeOffset + 3, 32, value);
    return this;
  }

  /** USD */
  tickSize(): DecimalEncoder {
    return this.sbeTickSize.wrap(this.sbeView, this.sbeOffset + 35);
  }

  lotSize(): DecimalEncoder {
    return this.sbeLotSize.wrap(this.sbeView, this.sbeOffset + 44);
  }

  priceMax(value: number): this {
    this.sbeView.setInt32(this.sbeOffset + 53, value, true);
    return this;
  }

  qtyMax(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 57, value);
    return this;
  }

  qtyMaxBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 57, value, true);
    return this;
  }

  minNotional(value: number): this {
    setInt64Le(this.sbeView, this.sbeOffset + 65, value);
    return this;
  }

  minNotionalBig(value: bigint): this {
    this.sbeView.setBigInt64(this.sbeOffset + 65, value, true);
    return this;
  }

  initialMarginRate(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 73, value, true);
    return this;
  }

  maintenanceMarginRate(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 77, value, true);
    return this;
  }

  openOrdersMax(value: number): this {
    this.sbeView.setUint32(this.sbeOffset + 81, value, true);
    return this;
  }
}
