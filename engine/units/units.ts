export { PPM_ONE } from './ppm.js';

/**
 * Integers with a unit: prices, sizes, values, money, rates and times. One of them cannot be passed where another is expected, nor
 * can a plain number: who reads it out of a message, a file or a kernel, or works it out, says its unit by the function beside the
 * type. Arithmetic on them yields plain numbers. All are safe integers; nothing is checked here. Ids, numbers of messages, counts,
 * slots, flags and codes are plain numbers, and so is whatever the kernels and typed arrays hold.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** Price in ticks of its market, 1 … 2^31 − 1; 0 where there is none. */
export type PriceTicks = Unit<'PriceTicks'>;
export function asPriceTicks(n: number): PriceTicks {
  return n as PriceTicks;
}

/** Size in lots of its market, 0 … 2^40. Positions are signed: positive is long. */
export type QtyLots = Unit<'QtyLots'>;
export function asQtyLots(n: number): QtyLots {
  return n as QtyLots;
}

/** price × size, exact, within ±2^52. */
export type ValueTickLots = Unit<'ValueTickLots'>;
export function asValueTickLots(n: number): ValueTickLots {
  return n as ValueTickLots;
}

/** Money in millionths of a US dollar, within ±2^52. */
export type MicroUsd = Unit<'MicroUsd'>;
export function asMicroUsd(n: number): MicroUsd {
  return n as MicroUsd;
}

/** A rate in parts per million, within ±PPM_ONE. */
export type Ppm = Unit<'Ppm'>;
export function asPpm(n: number): Ppm {
  return n as Ppm;
}

/** Milliseconds since 1970 on the exchange's clock. */
export type TimeMs = Unit<'TimeMs'>;
export function asTimeMs(n: number): TimeMs {
  return n as TimeMs;
}

export const PRICE_TICKS_MAX = (2 ** 31 - 1) as PriceTicks;
export const QTY_LOTS_MAX = (2 ** 40) as QtyLots;
export const VALUE_TICK_LOTS_MAX = (2 ** 52) as ValueTickLots;
export const MICRO_USD_MAX = (2 ** 52) as MicroUsd;
export const MARKET_ID_ALL = 0xffff;
/** Account ids index rows of typed arrays; the limit keeps rows × 16 words within 32-bit indices. */
export const ACCOUNT_ID_MAX = 2 ** 26 - 1;
