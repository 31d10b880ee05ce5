import type { MarginTerms, MarginTier } from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { divCeil } from '../../engine/units/division.js';
import type { PriceTicks, QtyLots } from '../../engine/units/units.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import { tiersAtOpenInterest } from './open-interest-growth.js';

const MICRO_PER_USD = 1_000_000n;
/** Parts per million, as rates have them here. */
const PPM = RATE_ONE / 1_000_000n;

/** A market's tiers, or its flat rates as one, with the initial rates that its open interest asks for now: whole ppm, rounded up. */
export function grownTiers(
  params: MarketParams,
  { growthLowerUsd, growthUpperUsd, tiers }: MarginTerms,
  openInterestLots: QtyLots,
  markTicks: PriceTicks,
): readonly MarginTier[] {
  const { initialMarginPpm: initialPpm, maintenanceMarginPpm: maintenancePpm } = params;
  const usual = tiers.length === 0 ? [{ floorUsd: 0, initialPpm, maintenancePpm }] : tiers;
  if (growthUpperUsd === 0) return usual;
  const growth = {
    lowerMicroUsd: BigInt(growthLowerUsd) * MICRO_PER_USD,
    upperMicroUsd: BigInt(growthUpperUsd) * MICRO_PER_USD,
  };
  const value = BigInt(openInterestLots) * BigInt(markTicks);
  const notional = divCeil(
    value * BigInt(params.microUsdPerTickLotNumerator),
    BigInt(params.microUsdPerTickLotDenominator),
  );
  const exact = usual.map((tier) => ({
    notionalFloorMicroUsd: BigInt(tier.floorUsd) * MICRO_PER_USD,
    initialRateE18: BigInt(tier.initialPpm) * PPM,
    maintenanceRateE18: BigInt(tier.maintenancePpm) * PPM,
  }));
  const grown = tiersAtOpenInterest(exact, growth, notional);
  return usual.map((tier, i) => {
    const rate = grown[i]?.initialRateE18 ?? 0n;
    return { ...tier, initialPpm: Number(divCeil(rate, PPM)) };
  });
}
