import { CANDLE_INTERVALS } from '../protocol/names.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const LENGTHS_MS: Readonly<Record<(typeof CANDLE_INTERVALS)[number], number>> = {
  '1s': SECOND_MS,
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '4h': 4 * HOUR_MS,
  '1d': 24 * HOUR_MS,
};

/**
 * Lengths of candles, in the order of CANDLE_INTERVALS. A candle begins at a whole multiple of its length since 1970, so a day is one
 * of UTC.
 */
export const INTERVALS_MS: readonly number[] = CANDLE_INTERVALS.map((name) => LENGTHS_MS[name]);

/** Start of the candle that contains a time. */
export function candleStart(timeMs: number, intervalMs: number): number {
  return timeMs - (timeMs % intervalMs);
}
