import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fraction } from '../arithmetic/fraction.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import type { Bracket } from '../margin-tiers/margin-tiers.js';
import { accountMargin, type Holding } from '../requirement/account-margin.js';
import {
  positionMargin,
  type RiskMarket,
  type RiskPosition,
} from '../requirement/position-margin.js';
import { market, marketWith, position, signedLots, Wide, wide } from '../testing/markets.js';
import { bankruptcyPrice, liquidationPrice } from './liquidation-price.js';

const usd = (n: number) => BigInt(Math.round(n * 1_000_000));
const money = fc.oneof(fc.bigInt(-(10n ** 9n), 10n ** 9n), fc.bigInt(-(10n ** 15n), 10n ** 15n));
const FAR = new Wide(2).pow(100);

const asDecimal = ({ denominator, numerator }: Fraction) => wide(numerator).div(wide(denominator));

/** Equity − margin at this price, dollar by dollar through the brackets, without deductions. */
function spare(
  price: Wide,
  brackets: readonly Bracket[],
  { tickLot }: RiskMarket,
  { entryValueTickLots, lots }: RiskPosition,
  rest: bigint,
): Wide {
  const worth = wide(tickLot.numerator).div(wide(tickLot.denominator));
  const notional = wide(lots).abs().times(price).times(worth);
  let margin = new Wide(0);
  for (const [index, { floorMicroUsd, rateE18 }] of brackets.entries()) {
    const ceiling = brackets[index + 1]?.floorMicroUsd;
    const top = ceiling === undefined ? notional : Wide.min(notional, wide(ceiling));
    const inside = top.minus(wide(floorMicroUsd));
    if (inside.gt(0)) margin = margin.plus(inside.times(wide(rateE18)).div(wide(RATE_ONE)));
  }
  const profit = wide(lots).times(price).minus(wide(entryValueTickLots)).times(worth);
  return wide(rest).plus(profit).minus(margin);
}

describe.each([
  ['liquidation', liquidationPrice, (of: RiskMarket) => of.brackets.maintenance],
  ['bankruptcy', bankruptcyPrice, () => []],
] as const)('%s price', (_name, priceOf, bracketsOf) => {
  it('is where equity equals what is asked for', () => {
    fc.assert(
      fc.property(market, position, money, (of, held, rest) => {
        const price = priceOf(of, held, rest);
        fc.pre(price !== null);
        const difference = spare(asDecimal(price), bracketsOf(of), of, held, rest);
        expect(difference.abs().lt('1e-40')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is null exactly when no price from zero on makes them equal, or every price does', () => {
    fc.assert(
      fc.property(market, position, money, (of, held, rest) => {
        const at = (price: Wide) => spare(price, bracketsOf(of), of, held, rest);
        const [zero, far] = [at(new Wide(0)), at(FAR)];
        // The difference only rises with the price (a long), only falls (a short), or does not move.
        const crosses = zero.isZero() ? !far.isZero() : zero.s !== far.s;
        const reaches = crosses || (far.isZero() && !zero.isZero());
        const price = priceOf(of, held, rest);
        // A rate of nearly one makes both sides almost parallel: they may meet beyond what the test looks at.
        fc.pre(price === null || asDecimal(price).lte(FAR));
        expect(price !== null).toBe(reaches);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('liquidation price of an account', () => {
  const steps = [
    [0, 8_000, 4_000],
    [50_000, 10_000, 5_000],
    [250_000, 20_000, 10_000],
    [1_000_000, 50_000, 25_000],
  ] as const;
  const lots = signedLots.map((n) => (n % 100_000n) + (n < 0n ? -100n : 100n));
  const ticks = fc.bigInt(10_000n, 2_000_000n);
  const held = fc.record({ lots, entryTicks: ticks, markTicks: ticks });

  it('is not liquidatable one tick better, and is one tick worse', () => {
    fc.assert(
      fc.property(fc.array(held, { minLength: 1, maxLength: 3 }), money, (all, collateral) => {
        const holdings = all.map(({ entryTicks, lots: size, markTicks }): Holding => {
          const own = { lots: size, entryValueTickLots: size * entryTicks };
          const of = marketWith(
            steps.map(([floor, initial, maintenance]) => [floor, initial, maintenance]),
            markTicks,
          );
          return { market: of, position: own, orders: [], isIsolated: false };
        });
        const [first, ...others] = holdings as [Holding, ...Holding[]];
        const rest = others.reduce((sum, each) => {
          const { maintenanceMicroUsd, unrealizedMicroUsd } = positionMargin(
            each.market,
            each.position,
          );
          return sum + unrealizedMicroUsd - maintenanceMicroUsd;
        }, collateral);
        const price = liquidationPrice(first.market, first.position, rest);
        fc.pre(price !== null);
        const at = price.numerator / price.denominator;
        fc.pre(at > 1n);
        const liquidatableAt = (markTicks: bigint) => {
          const moved = { ...first, market: { ...first.market, markTicks } };
          return accountMargin(collateral, [moved, ...others]).isLiquidatable;
        };
        const above = at + 1n;
        const below = price.numerator % price.denominator === 0n ? at - 1n : at;
        const isLong = first.position.lots > 0n;
        expect(liquidatableAt(above)).toBe(!isLong);
        expect(liquidatableAt(below)).toBe(isLong);
      }),
      { numRuns: 1000 },
    );
  });

  it('gets worse for nobody with more collateral', () => {
    fc.assert(
      fc.property(market, position, money, fc.bigInt(1n, 10n ** 9n), (of, own, rest, more) => {
        const poor = liquidationPrice(of, own, rest);
        const rich = liquidationPrice(of, own, rest + more);
        fc.pre(poor !== null && rich !== null);
        const moved = rich.numerator * poor.denominator - poor.numerator * rich.denominator;
        expect(own.lots > 0n ? moved <= 0n : moved >= 0n).toBe(true);
      }),
    );
  });

  const tiered = marketWith(
    [...steps.map(([a, b, c]) => [a, b, c] as [number, number, number])],
    1n,
  );
  const btc = (size: bigint, entryTicks: bigint): RiskPosition => {
    return { lots: size, entryValueTickLots: size * entryTicks };
  };
  // 1,000 lots are 1 BTC, ten ticks a dollar.
  it.each([
    ['a long falls into a lower tier', 5000n, usd(100_000), 600_000n, '401909.547738693467336683'],
    ['a short rises into a higher one', -4000n, usd(40_000), 600_000n, '696287.128712871287128713'],
    ['a long with more collateral than it cost', 1000n, usd(70_000), 600_000n, null],
    ['a long that is paid in full', 1000n, usd(60_000), 600_000n, '0'],
    ['a short below zero from the start', -1000n, usd(-60_001), 600_000n, null],
    ['no position', 0n, usd(1), 0n, null],
  ])('%s', (_name, size, rest, entryTicks, expected) => {
    const price = liquidationPrice(tiered, btc(size, entryTicks), rest);
    expect(price && asDecimal(price).toDecimalPlaces(18).toFixed()).toBe(expected);
  });
});
