import { formatFixed, MICRO_USD_STEP } from '../../engine/units/decimal.js';

/** Micro-USD as a decimal with all six places, as amounts are written at this door and taken by the admin API. */
export function usdText(microUsd: number | bigint): string {
  return formatFixed(microUsd, MICRO_USD_STEP);
}
