import type { MarkInputs } from '../../engine/market/pricing-rules.js';
import { mulDivTrunc } from '../../engine/units/mul-div.js';
import { asPriceTicks, type PriceTicks } from '../../engine/units/units.js';

const MILLI = 1000;

/**
 * Mark price = median of
 *   index + moving average of (mid − index)    the fair price of a market that keeps its distance
 *   last price, clamped into [bid, ask]        what was paid, unless it has gone stale
 *   mid of bid and ask                         what is asked now
 * (as Hyperliquid and Binance do). Where bid or ask is missing, only the first is left; where nothing was traded yet, the mean of the
 * other two, which is the median of two. Thousandths of a tick within, rounded down to whole ticks, and never below 1.
 */
export function markTicks(inputs: MarkInputs): PriceTicks {
  const { indexTicks, basisMilliTicks, bidTicks, askTicks, lastTicks } = inputs;
  const fair = indexTicks * MILLI + basisMilliTicks;
  let mark = fair;
  if (bidTicks !== 0 && askTicks !== 0) {
    const mid = (bidTicks + askTicks) * (MILLI / 2);
    const last = Math.min(Math.max(lastTicks, bidTicks), askTicks) * MILLI;
    mark = lastTicks === 0 ? Math.floor((fair + mid) / 2) : medianOf(fair, last, mid);
  }
  return asPriceTicks(Math.max(1, Math.floor(mark / MILLI)));
}

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

function medianOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
