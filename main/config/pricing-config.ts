import { fundingProblem } from '../../engine/market/funding-fraction.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { type PricingParams, pricingParamsProblem } from '../../engine/market/pricing-params.js';
import { MICRO_USD_STEP, type Step } from '../../engine/units/decimal.js';
import { asMicroUsd, MICRO_USD_MAX, PPM_ONE } from '../../engine/units/units.js';
import { readSteps } from './market-config.js';
import type { TableReader } from './table-reader.js';

const PPB_STEP: Step = { mantissa: 1, decimals: 9 };
const PPM_STEP: Step = { mantissa: 1, decimals: 6 };
const PPB_ONE = 1_000_000_000;
const DAY_MS = 86_400_000;

/** Reads `[pricing]`, or a market's own `pricing` over it: keys that are not given there keep the value of `base`. */
export function readPricing(table: TableReader, base?: PricingParams): PricingParams {
  const read = (key: string, usual: number | undefined, value: () => number): number => {
    return usual !== undefined && !table.has(key) ? usual : value();
  };
  const time = (key: string, unitMs: number, usual: number | undefined) => {
    return read(key, usual, () => table.integer(key, 0, DAY_MS / unitMs) * unitMs);
  };
  const ppb = (key: string, usual: number | undefined, least = 0) => {
    return read(key, usual, () => readSteps(table, key, PPB_STEP, least, PPB_ONE));
  };
  const ppm = (key: string, usual: number | undefined) => {
    return read(key, usual, () => readSteps(table, key, PPM_STEP, 0, PPM_ONE));
  };
  const impact = read('impactNotional', base?.impactNotionalMicroUsd, () => {
    return readSteps(table, 'impactNotional', MICRO_USD_STEP, 0, MICRO_USD_MAX);
  });
  const params: PricingParams = {
    markIntervalMs: time('markIntervalMs', 1, base?.markIntervalMs),
    averageMs: time('averageSeconds', 1000, base?.averageMs),
    fundingIntervalMs: time('fundingIntervalMinutes', 60_000, base?.fundingIntervalMs),
    premiumIntervalMs: time('premiumIntervalSeconds', 1000, base?.premiumIntervalMs),
    impactNotionalMicroUsd: asMicroUsd(impact),
    interestPpb: ppb('interestRate', base?.interestPpb, -PPB_ONE),
    dampenerPpb: ppb('dampener', base?.dampenerPpb),
    rateCapPpb: ppb('fundingRateCap', base?.rateCapPpb),
    indexAgeMaxMs: time('indexAgeMaxSeconds', 1000, base?.indexAgeMaxMs),
    confidenceMaxPpm: ppm('confidenceMax', base?.confidenceMaxPpm),
    jumpMaxPpm: ppm('jumpMax', base?.jumpMaxPpm),
    divergenceMaxPpm: ppm('divergenceMax', base?.divergenceMaxPpm),
  };
  table.refuseUnknown();
  const problem = pricingParamsProblem(params);
  return problem === null ? params : table.fail(problem);
}

/** Whether the market can be funded exactly on these terms; stops the start with a sentence when not. */
export function checkFunding(table: TableReader, params: MarketParams, pricing: PricingParams) {
  const problem = fundingProblem(params, pricing);
  if (problem !== null) table.fail(problem);
}

/** Who sets prices by hand is the oracle: there is nothing to doubt, and time may stand still or run ahead of the last price. */
export function pricingUnder(oracle: string, pricing: PricingParams): PricingParams {
  if (oracle !== 'manual') return pricing;
  return { ...pricing, indexAgeMaxMs: 0, confidenceMaxPpm: 0, jumpMaxPpm: 0 };
}
