import { VALUE_TICK_LOTS_MAX } from '../units/units.js';
import type { MarketParams } from './market-params.js';
import type { PricingParams } from './pricing-params.js';

/** Rates are for 8 hours. */
const RATE_INTERVAL_MS = 28_800_000n;
const PPB = 1_000_000_000n;
/** What `mulDivCeil` takes. */
const NUMERATOR_MAX = 2n ** 53n - 1n;
const DIVISOR_MAX = 2n ** 50n;

/** Micro-USD that a position of value 1 tick·lot pays, as a fraction in lowest terms; the numerator has the rate's sign. */
export interface FundingFraction {
  numerator: number;
  divisor: number;
}

/** rate × interval ÷ 8 hours × micro-USD of a tick·lot, exactly. */
export function fundingFraction(
  params: MarketParams,
  ratePpb: number,
  intervalMs: number,
): FundingFraction {
  const { numerator, divisor } = reduced(params, ratePpb, intervalMs);
  return { numerator: Number(numerator), divisor: Number(divisor) };
}

/** Whether every payment up to the cap can be worked out exactly in this market; else a sentence. */
export function fundingProblem(params: MarketParams, pricing: PricingParams): string | null {
  if (pricing.fundingIntervalMs === 0) return null;
  const { impactNotionalMicroUsd, rateCapPpb, fundingIntervalMs } = pricing;
  const micro = BigInt(params.microUsdPerTickLotNumerator);
  const impact = BigInt(impactNotionalMicroUsd) * BigInt(params.microUsdPerTickLotDenominator);
  if (impact > BigInt(VALUE_TICK_LOTS_MAX) * micro) {
    return `impactNotionalMicroUsd ${impactNotionalMicroUsd} must be worth at most ${VALUE_TICK_LOTS_MAX} tick·lots`;
  }
  // A prime rate shares no divisor with anything, so 1 ppb shows the largest divisor, and the cap the largest numerator.
  const one = unreduced(params, 1, fundingIntervalMs);
  const most = unreduced(params, rateCapPpb, fundingIntervalMs);
  if (most.numerator <= NUMERATOR_MAX && one.divisor <= DIVISOR_MAX) return null;
  return `funding of a market with ${params.microUsdPerTickLotNumerator}/${params.microUsdPerTickLotDenominator} micro-USD a tick·lot cannot be exact at rateCapPpb ${rateCapPpb}`;
}

interface BigFraction {
  numerator: bigint;
  divisor: bigint;
}

function unreduced(params: MarketParams, ratePpb: number, intervalMs: number): BigFraction {
  const interval = BigInt(intervalMs);
  const shared = gcd(interval, RATE_INTERVAL_MS);
  return {
    numerator: BigInt(ratePpb) * BigInt(params.microUsdPerTickLotNumerator) * (interval / shared),
    divisor: PPB * BigInt(params.microUsdPerTickLotDenominator) * (RATE_INTERVAL_MS / shared),
  };
}

function reduced(params: MarketParams, ratePpb: number, intervalMs: number): BigFraction {
  const { numerator, divisor } = unreduced(params, ratePpb, intervalMs);
  const shared = gcd(numerator < 0n ? -numerator : numerator, divisor);
  return { numerator: numerator / shared, divisor: divisor / shared };
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
