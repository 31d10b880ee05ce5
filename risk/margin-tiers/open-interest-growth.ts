import { divCeil, maxOf, minOf } from '../../engine/units/division.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import type { MarginTier } from './margin-tiers.js';

/** Notional of a market's open interest at which its initial rates begin to grow, and at which they have reached one. */
export interface OpenInterestGrowth {
  lowerMicroUsd: bigint;
  /** Above the lower one. */
  upperMicroUsd: bigint;
}

/**
 * The tiers with their initial rates grown: rate + (1 − rate) × share, share = (open interest − lower) ÷ (upper − lower) within 0
 * and 1, each rounded up. A market that everybody is in thus asks for more and more of one's own money, up to all of it.
 * Maintenance rates stay, so that nobody is liquidated because others trade.
 *
 * Source: dYdX v4, open-interest margin fraction (`x/perpetuals/types/liquidity_tier.go`,
 * `GetAdjustedInitialMarginQuoteQuantums`).
 */
export function tiersAtOpenInterest(
  tiers: readonly MarginTier[],
  growth: OpenInterestGrowth,
  openInterestMicroUsd: bigint,
): MarginTier[] {
  const { lowerMicroUsd, upperMicroUsd } = growth;
  const above = maxOf(openInterestMicroUsd - lowerMicroUsd, 0n);
  const shareE18 = minOf(divCeil(above * RATE_ONE, upperMicroUsd - lowerMicroUsd), RATE_ONE);
  return tiers.map((tier) => {
    const rest = RATE_ONE - tier.initialRateE18;
    return { ...tier, initialRateE18: tier.initialRateE18 + divCeil(rest * shareE18, RATE_ONE) };
  });
}
