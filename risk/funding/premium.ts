import { maxOf } from '../../engine/units/division.js';
import { RATE_ONE } from '../arithmetic/rate.js';

/**
 * One sample of the premium index, × 10^18, rounded towards zero, so that longs and shorts are treated alike:
 *
 *   (max(0, impact bid − index) − max(0, index − impact ask)) ÷ index
 *
 * Impact prices are what a taker of a fixed notional would get on average: a thin order at the touch moves nothing. They and the
 * index are in ticks of any size. An impact price that is missing (null: the side has less than that notional) adds nothing;
 * nobody could trade there.
 *
 * Source: Binance, "Introduction to Binance Futures Funding Rates"; Hyperliquid, "Funding"; dYdX v4, "Funding".
 */
export function premiumE18(
  indexTicks: bigint,
  impactBidTicks: bigint | null,
  impactAskTicks: bigint | null,
): bigint {
  const above = impactBidTicks === null ? 0n : maxOf(impactBidTicks - indexTicks, 0n);
  const below = impactAskTicks === null ? 0n : maxOf(indexTicks - impactAskTicks, 0n);
  return ((above - below) * RATE_ONE) / indexTicks;
}

/**
 * Mean of an interval's samples, rounded towards zero. It is taken over the samples that were expected: one that is missing counts as
 * zero, so that an outage pulls funding towards nothing and not towards whatever was seen last.
 * Source: dYdX v4, `x/perpetuals` (samples of a funding tick are padded with zeros).
 */
export function meanPremiumE18(samplesE18: readonly bigint[], expectedSamples: bigint): bigint {
  const sum = samplesE18.reduce((total, sample) => total + sample, 0n);
  return sum / expectedSamples;
}
