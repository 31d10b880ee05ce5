import { PRICE_TICKS_MAX } from '../../../engine/units/units.js';

/** What a recorded price has to be, when it cannot be a price of our market; null when it can. */
export function ticksProblem(ticks: number, priceUnit: number): string | null {
  if (ticks <= 0) return 'a positive price';
  if (ticks > PRICE_TICKS_MAX) return `a price up to ${PRICE_TICKS_MAX * priceUnit}`;
  return Number.isInteger(ticks) ? null : `a multiple of the tick size ${priceUnit}`;
}
