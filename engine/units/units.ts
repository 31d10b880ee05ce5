export { PPM_ONE } from './ppm.js';

/**
 * Branded integer units. A value of one unit cannot be passed where another is expected; arithmetic
 * on them yields plain numbers, which the result's owner brands again. All are safe integers.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** Price in ticks of its market, 1 … 2^31 − 1. */
export type PriceTicks = Unit<'PriceTicks'>;
/** Size in lots of its market, 0 … 2^40. Positions are signed: positive is long. */
export type QtyLots = Unit<'QtyLots'>;
/** price × size, exact, within ±2^52. */
export type ValueTickLots = Unit<'ValueTickLots'>;
/** Money in millionths of a US dollar, within ±2^52. */
export type MicroUsd = Unit<'MicroUsd'>;
/** A rate in parts per million. */
export type Ppm = Unit<'Ppm'>;
/** Milliseconds since 1970 on the exchange's clock. */
export type TimeMs = Unit<'TimeMs'>;
/** Issued by a market actor, 1, 2, 3 …; unique within the market, never reused. */
export type OrderId = Unit<'OrderId'>;
/** 1 … 2^32 − 1; kept as a signed 32-bit word in messages. */
export type AccountId = Unit<'AccountId'>;
/** 0 … 65,534; 65,535 means "all markets" where a command allows it. */
export type MarketId = Unit<'MarketId'>;
/** Number of a message in a shard's journal, from 1 without a gap. */
export type Sequence = Unit<'Sequence'>;

export const PRICE_TICKS_MAX = 2 ** 31 - 1;
export const QTY_LOTS_MAX = 2 ** 40;
export const VALUE_TICK_LOTS_MAX = 2 ** 52;
export const MICRO_USD_MAX = 2 ** 52;
export const MARKET_ID_ALL = 0xffff;
/** Account ids index rows of typed arrays; the limit keeps rows × 16 words within 32-bit indices. */
export const ACCOUNT_ID_MAX = 2 ** 26 - 1;
