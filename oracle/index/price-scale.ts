import { divCeil, divNearest } from '../../engine/units/division.js';
import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import type { Observation } from '../price-source.js';

/** Thousandths of a tick: fine enough that averages of sources do not all fall on ticks, and safe integers up to the highest price. */
export const MILLI = 1000;
const MILLI_TICKS_MAX = BigInt(PRICE_TICKS_MAX) * BigInt(MILLI);
/** No asset is quoted beyond; bigger powers would only cost time. */
export const EXPONENT_MIN = -30;
export const EXPONENT_MAX = 18;

/** A market's tick: mantissa × 10^−decimals. */
export interface TickSize {
  mantissa: number;
  decimals: number;
}

/** A price in thousandths of a tick. */
export interface ScaledPrice {
  priceMilliTicks: number;
  confidenceMilliTicks: number;
}

export type ScaleFault = 'price_is_not_positive' | 'exponent_is_beyond_limit' | 'price_is_too_high';

/**
 * An observation in the market's own unit: the price to the nearest thousandth of a tick, halves up, its confidence rounded up, so that nothing
 * looks surer than it is. A confidence wider than any price counts as the widest. Or what keeps it from being one.
 */
export function scaleObservation(
  { mantissa, confidenceMantissa, exponent }: Observation,
  tick: TickSize,
): ScaledPrice | ScaleFault {
  if (mantissa <= 0n) return 'price_is_not_positive';
  if (exponent < EXPONENT_MIN || exponent > EXPONENT_MAX) return 'exponent_is_beyond_limit';
  // price × 10^exponent ÷ (tick mantissa × 10^−decimals) × 1000, as one fraction.
  const power = exponent + tick.decimals + 3;
  const factor = power > 0 ? 10n ** BigInt(power) : 1n;
  const divisor = BigInt(tick.mantissa) * (power < 0 ? 10n ** BigInt(-power) : 1n);
  const price = divNearest(mantissa * factor, divisor);
  if (price === 0n) return 'price_is_not_positive';
  if (price > MILLI_TICKS_MAX) return 'price_is_too_high';
  const width = confidenceMantissa < 0n ? MILLI_TICKS_MAX : confidenceMantissa;
  const confidence = divCeil(width * factor, divisor);
  return {
    priceMilliTicks: Number(price),
    confidenceMilliTicks: Number(confidence > MILLI_TICKS_MAX ? MILLI_TICKS_MAX : confidence),
  };
}
