import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RATE_ONE } from '../arithmetic/rate.js';
import { marketWith, tickLot, tiers, Wide, wide } from '../testing/markets.js';
import { bracketsOf, type MarginTier, marginOfValue, tiersProblem } from './margin-tiers.js';
import { tiersAtOpenInterest } from './open-interest-growth.js';

const MICRO = { numerator: 1n, denominator: 1n };
const RATES = ['initialRateE18', 'maintenanceRateE18'] as const;

const ppm = (n: number) => BigInt(n) * 10n ** 12n;
const usd = (n: number) => BigInt(n) * 1_000_000n;

function tier(floorUsd: number, initialPpm: number, maintenancePpm: number): MarginTier {
  return {
    notionalFloorMicroUsd: usd(floorUsd),
    initialRateE18: ppm(initialPpm),
    maintenanceRateE18: ppm(maintenancePpm),
  };
}

/** Each dollar at the rate of the tier that it lies in: the same margin by another way, with decimals. */
function marginByDollars(
  steps: readonly MarginTier[],
  rate: (typeof RATES)[number],
  notional: Wide,
) {
  let margin = new Wide(0);
  for (const [index, step] of steps.entries()) {
    const floor = wide(step.notionalFloorMicroUsd);
    const next = steps[index + 1];
    const top =
      next === undefined ? notional : Wide.min(notional, wide(next.notionalFloorMicroUsd));
    if (top.lte(floor)) break;
    margin = margin.plus(top.minus(floor).times(wide(step[rate])).div(wide(RATE_ONE)));
  }
  return margin;
}

describe('brackets', () => {
  it('have the maintenance amounts that Binance publishes', () => {
    const { brackets } = marketWith(
      [
        [0, 8_000, 4_000],
        [50_000, 10_000, 5_000],
        [250_000, 20_000, 10_000],
        [1_000_000, 50_000, 25_000],
      ],
      1n,
    );
    const deductions = brackets.maintenance.map(({ deductionE18 }) => deductionE18 / RATE_ONE);
    expect(deductions).toEqual([usd(0), usd(50), usd(1_300), usd(16_300)]);
    expect(marginOfValue(brackets.maintenance, usd(1_000_000), MICRO)).toBe(usd(8_700));
  });

  it('charge each dollar with the rate of its tier, in one rounding upwards', () => {
    const value = fc.oneof(fc.bigInt(0n, 10n ** 6n), fc.bigInt(0n, 2n ** 70n));
    fc.assert(
      fc.property(tiers, value, tickLot, (steps, valueTickLots, worth) => {
        const { initial, maintenance } = bracketsOf(steps);
        const notional = wide(valueTickLots * worth.numerator).div(wide(worth.denominator));
        // A quotient with endless digits stays a hair above or below: far below what could move the next whole number.
        const expected = (rate: (typeof RATES)[number]) =>
          marginByDollars(steps, rate, notional).toDecimalPlaces(60).ceil().toFixed();
        expect(String(marginOfValue(initial, valueTickLots, worth))).toBe(
          expected('initialRateE18'),
        );
        expect(String(marginOfValue(maintenance, valueTickLots, worth))).toBe(
          expected('maintenanceRateE18'),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('ask at each floor for exactly what the tier below asks for', () => {
    fc.assert(
      fc.property(tiers, (steps) => {
        for (const brackets of Object.values(bracketsOf(steps))) {
          for (const [index, { deductionE18, floorMicroUsd, rateE18 }] of brackets.entries()) {
            const below = brackets[index - 1];
            if (below === undefined) expect(deductionE18).toBe(0n);
            else {
              expect(floorMicroUsd * rateE18 - deductionE18).toBe(
                floorMicroUsd * below.rateE18 - below.deductionE18,
              );
            }
          }
        }
      }),
    );
  });

  it('never ask for less of a larger position, nor for more maintenance than initial margin', () => {
    const value = fc.bigInt(0n, 10n ** 14n);
    fc.assert(
      fc.property(tiers, value, fc.bigInt(0n, 10n ** 9n), tickLot, (steps, low, more, worth) => {
        const { initial, maintenance } = bracketsOf(steps);
        for (const brackets of [initial, maintenance]) {
          const step =
            marginOfValue(brackets, low + more, worth) - marginOfValue(brackets, low, worth);
          expect(step >= 0n).toBe(true);
        }
        const spare = marginOfValue(initial, low, worth) - marginOfValue(maintenance, low, worth);
        expect(spare >= 0n).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('tiers that cannot be used', () => {
  const cases: [string, MarginTier[], number, keyof MarginTier][] = [
    ['none at all', [], 0, 'notionalFloorMicroUsd'],
    ['a first floor above zero', [tier(1, 2, 1)], 0, 'notionalFloorMicroUsd'],
    [
      'floors out of order',
      [tier(0, 2, 1), tier(9, 2, 1), tier(8, 2, 1)],
      2,
      'notionalFloorMicroUsd',
    ],
    ['a floor twice', [tier(0, 2, 1), tier(0, 2, 1)], 1, 'notionalFloorMicroUsd'],
    ['a negative rate', [tier(0, 2, -1)], 0, 'maintenanceRateE18'],
    ['a rate above one', [tier(0, 1_000_001, 1)], 0, 'initialRateE18'],
    ['maintenance above initial margin', [tier(0, 2, 3)], 0, 'maintenanceRateE18'],
    ['an initial rate that falls', [tier(0, 3, 1), tier(1, 2, 1)], 1, 'initialRateE18'],
    ['a maintenance rate that falls', [tier(0, 3, 2), tier(1, 3, 1)], 1, 'maintenanceRateE18'],
  ];
  it.each(cases)('%s', (_name, steps, index, field) => {
    expect(tiersProblem(steps)).toMatchObject({ index, field });
  });

  it('are not among the random ones, nor after growth', () => {
    const interest = fc.bigInt(0n, 300n);
    fc.assert(
      fc.property(tiers, interest, (steps, open) => {
        expect(tiersProblem(steps)).toBe(null);
        const growth = { lowerMicroUsd: 100n, upperMicroUsd: 207n };
        expect(tiersProblem(tiersAtOpenInterest(steps, growth, open))).toBe(null);
      }),
    );
  });
});

describe('growth of the initial rate with open interest', () => {
  const growth = { lowerMicroUsd: usd(20_000_000), upperMicroUsd: usd(50_000_000) };
  it.each([
    ['nothing below the lower limit', 19_999_999, 50_000],
    ['nothing at it', 20_000_000, 50_000],
    ['half of the way to one in the middle', 35_000_000, 525_000],
    ['one at the upper limit', 50_000_000, 1_000_000],
    ['and beyond', 90_000_000, 1_000_000],
  ])('%s', (_name, interest, initial) => {
    const [grown] = tiersAtOpenInterest([tier(0, 50_000, 30_000)], growth, usd(interest));
    expect(grown).toEqual(tier(0, initial, 30_000));
  });

  it('never lowers a rate, and more open interest never asks for less', () => {
    const interest = fc.bigInt(0n, usd(60_000_000));
    fc.assert(
      fc.property(tiers, interest, fc.bigInt(0n, usd(1_000_000)), (steps, open, more) => {
        const low = tiersAtOpenInterest(steps, growth, open);
        const high = tiersAtOpenInterest(steps, growth, open + more);
        for (const [index, step] of steps.entries()) {
          const [a, b] = [low[index], high[index]];
          expect(a !== undefined && a.initialRateE18 >= step.initialRateE18).toBe(true);
          expect(a !== undefined && b !== undefined && b.initialRateE18 >= a.initialRateE18).toBe(
            true,
          );
        }
      }),
    );
  });
});
