import { SCALED_EQUAL, SCALED_FALLING, SCALED_RISING } from '../messages/types.js';
import { mulDivFloor } from '../units/mul-div.js';

/** Limit orders that one scaled order may place. */
export const SCALED_ORDERS_MAX = 50;

/** A scaled order, as its command says it. */
export interface ScaledTerms {
  firstTicks: number;
  lastTicks: number;
  count: number;
  /** SCALED_…: how the lots go from the first price to the last. */
  distribution: number;
  totalLots: number;
}

export interface ScaledChild {
  priceTicks: number;
  lots: number;
}

export function isDistribution(distribution: number): boolean {
  return distribution >= SCALED_EQUAL && distribution <= SCALED_FALLING;
}

/** The fewest lots with which each order gets one. */
export function leastScaledLots({ count, distribution }: ScaledTerms): number {
  return distribution === SCALED_EQUAL ? count : (count * (count + 1)) / 2;
}

/**
 * Its limit orders, from the first price to the last.
 *
 * Prices are evenly spaced; one between two ticks goes to the tick nearer to the first price. Lots are total × weight ÷ Σ weights,
 * rounded down, with the weights 1, 1, 1 …, or 1, 2, 3 …, or … 3, 2, 1. The lots that are left over by that are fewer than there are orders, and
 * go one each to the first ones. So they add up to the total, and rise or fall without an exception.
 *
 * Exact for up to 50 orders of 2^40 lots each at prices below 2^31.
 */
export function scaledChildren(terms: ScaledTerms): ScaledChild[] {
  const { firstTicks, lastTicks, count, distribution, totalLots } = terms;
  const weights = Array.from({ length: count }, (_, i) => {
    if (distribution === SCALED_RISING) return i + 1;
    return distribution === SCALED_FALLING ? count - i : 1;
  });
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const lots = weights.map((weight) => mulDivFloor(totalLots, weight, sum));
  const over = totalLots - lots.reduce((all, some) => all + some, 0);
  return lots.map((some, i) => ({
    priceTicks: firstTicks + Math.trunc(((lastTicks - firstTicks) * i) / (count - 1)),
    lots: some + (i < over ? 1 : 0),
  }));
}

/** Loss value in tick·lots that is reserved for them: what each loses at once when it fills, as of the mark. */
export function lossValueOf(
  children: readonly ScaledChild[],
  isBuy: boolean,
  markTicks: number,
): number {
  return children.reduce((sum, { priceTicks, lots }) => {
    const loss = isBuy ? priceTicks - markTicks : markTicks - priceTicks;
    return sum + lots * Math.max(0, loss);
  }, 0);
}
