import type { PricingParams } from '../../engine/market/pricing-params.js';
import type { ImpactPrice } from '../../engine/market/pricing-rules.js';
import { mulDivFloor } from '../../engine/units/mul-div.js';
import type { PriceTicks } from '../../engine/units/units.js';

const PPB = 1_000_000_000;
const MICRO = 1_000_000;
/** A thousand times the index. */
const EXCESS_PPB_MAX = 1000 * PPB;

/**
 * Premium index of one sample, parts per billion, rounded down:
 *
 *   (max(0, impact bid − index) − max(0, index − impact ask)) ÷ index
 *
 * (Binance's formula; dYdX v4 has the same.) A side too thin for the impact notional counts as no premium. `index × lots`
 * stays below 2^53 because the impact notional does.
 */
export function premiumPpb(indexTicks: PriceTicks, bid: ImpactPrice, ask: ImpactPrice): number {
  const above = excess(bid.valueTickLots - indexTicks * bid.lots, bid.lots, indexTicks);
  const below = excess(indexTicks * ask.lots - ask.valueTickLots, ask.lots, indexTicks);
  return above - below;
}

/** max(0, value) ÷ lots ÷ index, ppb. */
function excess(valueTickLots: number, lots: number, indexTicks: PriceTicks): number {
  if (lots === 0 || valueTickLots <= 0) return 0;
  const microTicks = mulDivFloor(valueTickLots, MICRO, lots);
  // A book gone mad must not leave the safe integers; what lies beyond is capped as a rate anyway.
  if (microTicks > indexTicks * PPB) return EXCESS_PPB_MAX;
  return mulDivFloor(microTicks, PPB / MICRO, indexTicks);
}

/**
 * Rate for 8 hours, ppb: premium + clamp(interest − premium, ±dampener), then clamped to ±cap, where premium is the mean over all
 * samples that there should be: one that is missing counts as zero. Mean rounded towards −∞.
 */
export function fundingRatePpb(
  premiumSumPpb: number,
  expectedSamples: number,
  params: PricingParams,
): number {
  const premium = Math.floor(premiumSumPpb / expectedSamples);
  const pull = clamp(params.interestPpb - premium, params.dampenerPpb);
  return clamp(premium + pull, params.rateCapPpb);
}

function clamp(value: number, limit: number): number {
  // Never −0, which is other bytes than 0.
  return Math.min(Math.max(value, 0 - limit), limit) + 0;
}
