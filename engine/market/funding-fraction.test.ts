import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asMicroUsd } from '../units/units.js';
import { fundingFraction, fundingProblem } from './funding-fraction.js';
import type { MarketParams } from './market-params.js';
import { PRICING_OFF } from './pricing-params.js';

const HOUR_MS = 3_600_000;
const market = (numerator: number, denominator: number) => {
  return {
    microUsdPerTickLotNumerator: numerator,
    microUsdPerTickLotDenominator: denominator,
  } as MarketParams;
};
const funded = {
  ...PRICING_OFF,
  fundingIntervalMs: HOUR_MS,
  premiumIntervalMs: 5000,
  impactNotionalMicroUsd: asMicroUsd(1e10),
  rateCapPpb: 40_000_000,
};

describe('the fraction of funding', () => {
  it.each([
    ['0.01 % for 8 hours, BTC-PERP', 100, 1, 100_000, 8 * HOUR_MS, 1, 100],
    ['the same for an hour', 100, 1, 100_000, HOUR_MS, 1, 800],
    ['negative', 100, 1, -100_000, 8 * HOUR_MS, -1, 100],
    ['none', 100, 1, 0, HOUR_MS, 0, 1],
    ['a fraction of a micro-USD', 1, 1000, 1, 8 * HOUR_MS, 1, 1_000_000_000_000],
    ['a day', 100, 1, 100_000, 24 * HOUR_MS, 3, 100],
  ])('%s', (_name, numerator, denominator, ratePpb, intervalMs, top, bottom) => {
    const fraction = fundingFraction(market(numerator, denominator), ratePpb, intervalMs);
    expect(fraction).toEqual({ numerator: top, divisor: bottom });
  });

  it('is exact for every rate up to the cap where the check lets a market through', () => {
    const sizes = fc.integer({ min: 1, max: 2 ** 31 });
    const minutes = fc.constantFrom(1, 15, 60, 480, 1440);
    const share = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(sizes, sizes, minutes, share, (numerator, denominator, minute, part) => {
        const params = market(numerator, denominator);
        const pricing = { ...funded, fundingIntervalMs: minute * 60_000 };
        fc.pre(fundingProblem(params, pricing) === null);
        const ratePpb = Math.trunc(part * pricing.rateCapPpb);
        const found = fundingFraction(params, ratePpb, pricing.fundingIntervalMs);
        expect(Number.isSafeInteger(found.numerator)).toBe(true);
        expect(found.divisor).toBeLessThanOrEqual(2 ** 50);
        // Cross-multiplied, in bigint: nothing was lost.
        const left = BigInt(found.numerator) * BigInt(denominator) * 1_000_000_000n * 480n;
        const right = BigInt(found.divisor) * BigInt(ratePpb) * BigInt(numerator) * BigInt(minute);
        expect(left).toBe(right);
      }),
    );
  });

  it.each([
    ['a numerator beyond 2^53', market(2 ** 31, 1), 1e10, /cannot be exact/],
    ['a divisor beyond 2^50', market(1, 2 ** 31), 1, /cannot be exact/],
    ['an impact notional of too many tick·lots', market(1, 10 ** 6), 1e10, /impactNotional/],
  ])('refuses %s', (_name, params, impact, sentence) => {
    const terms = { rateCapPpb: 1_000_000_000, impactNotionalMicroUsd: asMicroUsd(impact) };
    const day = { ...funded, ...terms, fundingIntervalMs: 24 * HOUR_MS };
    expect(fundingProblem(params, day)).toMatch(sentence);
  });

  it('without funding any market is fine', () => {
    expect(fundingProblem(market(2 ** 31, 1), PRICING_OFF)).toBeNull();
  });
});
