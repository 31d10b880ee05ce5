import { divNearest, maxOf, minOf } from '../../engine/units/division.js';

/** What a mark price is made of, in ticks; null is missing. A bid is never above an ask. */
export interface MarkInputs {
  indexTicks: bigint | null;
  bidTicks: bigint | null;
  askTicks: bigint | null;
  lastTicks: bigint | null;
  /** Moving average of mid − index, signed. */
  basisEmaTicks: bigint | null;
}

/** Halves come from the mid, quarters from the mean of two: inside, prices are counted in quarters of a tick. */
const QUARTERS = 4n;

/**
 * Mark price in ticks, to the nearest tick, halves up: the median of
 *
 *   index + moving average of the basis   where the perpetual should be
 *   last price, clamped into the spread    where it traded, as far as somebody still stands there
 *   mid                                    where the book is
 *
 * To move it one has to move two of the three. What is missing is left out:
 *
 *   basis average   counts as zero: the index alone
 *   index           no first candidate, whatever the basis was
 *   bid or ask      no mid; the last price is clamped on the side that is there
 *   bid and ask     no mid; the last price stays as it is
 *   last            no second candidate
 *
 * Of two candidates the mean, of one itself, of none null: then there is no mark price, and a market does not trade.
 *
 * Source: Deribit, "Mark price" (last price clamped into the spread, moving average of the basis); Drift and Binance take the
 * median of three.
 */
export function markPriceTicks(inputs: MarkInputs): bigint | null {
  const candidates = [fairPrice(inputs), lastInSpread(inputs), mid(inputs)].filter(
    (candidate) => candidate !== null,
  );
  const quarters = medianOf(candidates);
  return quarters === null ? null : divNearest(quarters, QUARTERS);
}

function fairPrice({ basisEmaTicks, indexTicks }: MarkInputs): bigint | null {
  return indexTicks === null ? null : (indexTicks + (basisEmaTicks ?? 0n)) * QUARTERS;
}

function lastInSpread({ askTicks, bidTicks, lastTicks }: MarkInputs): bigint | null {
  if (lastTicks === null) return null;
  let last = lastTicks;
  if (askTicks !== null) last = minOf(last, askTicks);
  if (bidTicks !== null) last = maxOf(last, bidTicks);
  return last * QUARTERS;
}

function mid({ askTicks, bidTicks }: MarkInputs): bigint | null {
  if (askTicks === null || bidTicks === null) return null;
  return ((askTicks + bidTicks) * QUARTERS) / 2n;
}

/** Exact: every candidate is an even number of quarters. */
function medianOf(candidates: readonly bigint[]): bigint | null {
  const [a, b, c] = candidates;
  if (a === undefined) return null;
  if (b === undefined) return a;
  if (c === undefined) return (a + b) / 2n;
  return maxOf(minOf(a, b), minOf(maxOf(a, b), c));
}
