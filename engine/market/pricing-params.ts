import { withoutMinusZero } from '../state/minus-zero.js';
import { asMicroUsd, MICRO_USD_MAX, type MicroUsd } from '../units/units.js';

/** How a market finds its mark price and its funding, as journaled by CMD_SET_PRICING. */
export interface PricingParams {
  /** Between two looks at the book for the mark price, ms; 0: the mark price is the index price. */
  markIntervalMs: number;
  /** Time constant of the moving averages of basis and index, ms. */
  averageMs: number;
  /** Between two payments of funding, ms, a divisor or multiple of an hour; 0: no funding. */
  fundingIntervalMs: number;
  /** Between two samples of the premium, ms. */
  premiumIntervalMs: number;
  /** What the impact prices are taken for. */
  impactNotionalMicroUsd: MicroUsd;
  /** Rates for 8 hours in parts per billion: interest, how far it may pull the rate away from the premium, limit of the rate. */
  interestPpb: number;
  dampenerPpb: number;
  rateCapPpb: number;
  /** Guards; 0 switches one off. Oldest index price that counts, ms. */
  indexAgeMaxMs: number;
  /** Widest confidence interval of an index price, ppm of the price. */
  confidenceMaxPpm: number;
  /** Farthest step of the index away from its moving average, ppm. */
  jumpMaxPpm: number;
  /** Farthest distance of the mark from the index, ppm. */
  divergenceMaxPpm: number;
}

/** A market that was given none: mark = index, no funding, no guards. */
export const PRICING_OFF: PricingParams = {
  markIntervalMs: 0,
  averageMs: 0,
  fundingIntervalMs: 0,
  premiumIntervalMs: 0,
  impactNotionalMicroUsd: asMicroUsd(0),
  interestPpb: 0,
  dampenerPpb: 0,
  rateCapPpb: 0,
  indexAgeMaxMs: 0,
  confidenceMaxPpm: 0,
  jumpMaxPpm: 0,
  divergenceMaxPpm: 0,
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 100 % in 8 hours. */
const RATE_PPB_MAX = 1_000_000_000;
const PPM_MAX = 1_000_000;

/** Least and most of each field; the order is that of the message. */
const RANGES: readonly [keyof PricingParams, number, number][] = [
  ['markIntervalMs', 0, HOUR_MS],
  ['averageMs', 0, DAY_MS],
  ['fundingIntervalMs', 0, DAY_MS],
  ['premiumIntervalMs', 0, DAY_MS],
  ['impactNotionalMicroUsd', 0, MICRO_USD_MAX],
  ['interestPpb', -RATE_PPB_MAX, RATE_PPB_MAX],
  ['dampenerPpb', 0, RATE_PPB_MAX],
  ['rateCapPpb', 0, RATE_PPB_MAX],
  ['indexAgeMaxMs', 0, DAY_MS],
  ['confidenceMaxPpm', 0, PPM_MAX],
  ['jumpMaxPpm', 0, PPM_MAX],
  ['divergenceMaxPpm', 0, PPM_MAX],
];

/** Two slots: a Float64 for each field, the rest zero. */
export const PRICING_WORDS = 32;

/** Writes the fields at float `at` of a message. */
export function writePricingParams(floats: Float64Array, at: number, params: PricingParams): void {
  RANGES.forEach(([field], i) => {
    floats[at + i] = params[field];
  });
}

export function readPricingParams(floats: Float64Array, at: number): PricingParams {
  const values = RANGES.map(([field], i) => [field, withoutMinusZero(floats[at + i] as number)]);
  return Object.fromEntries(values) as PricingParams;
}

/** Null when the parameters can be used; else a sentence with field, value and limit. */
export function pricingParamsProblem(params: PricingParams): string | null {
  for (const [field, least, most] of RANGES) {
    const value = params[field];
    if (!Number.isInteger(value) || value < least || value > most) {
      return `${field} must be an integer from ${least} to ${most}, but is ${value}`;
    }
  }
  const { markIntervalMs, averageMs, fundingIntervalMs, premiumIntervalMs } = params;
  if (markIntervalMs > 0 && averageMs < markIntervalMs) {
    return `averageMs must be at least markIntervalMs ${markIntervalMs}, but is ${averageMs}`;
  }
  if (fundingIntervalMs === 0) return null;
  if (HOUR_MS % fundingIntervalMs !== 0 && fundingIntervalMs % HOUR_MS !== 0) {
    return `fundingIntervalMs must divide or be a multiple of ${HOUR_MS}, but is ${fundingIntervalMs}`;
  }
  if (premiumIntervalMs < 1 || fundingIntervalMs % premiumIntervalMs !== 0) {
    return `premiumIntervalMs must divide fundingIntervalMs ${fundingIntervalMs}, but is ${premiumIntervalMs}`;
  }
  if (params.impactNotionalMicroUsd === 0) {
    return 'impactNotionalMicroUsd must be at least 1 with funding, but is 0';
  }
  return null;
}
