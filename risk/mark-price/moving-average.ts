import { mulDivTrunc } from '../../engine/units/mul-div.js';

/**
 * Exponential moving average: before + (value − before) × elapsed ÷ average, the step rounded towards zero, so that it never
 * overshoots. After a silence as long as the time constant it is the new value alone.
 */
export function movingAverage(
  before: number,
  value: number,
  elapsedMs: number,
  averageMs: number,
): number {
  if (elapsedMs >= averageMs) return value;
  return before + mulDivTrunc(value - before, elapsedMs, averageMs);
}
