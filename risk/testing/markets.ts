import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { RATE_ONE } from '../arithmetic/rate.js';
import type { TickLotValue } from '../arithmetic/tick-lot-value.js';
import { bracketsOf, type MarginTier } from '../margin-tiers/margin-tiers.js';
import type { RiskMarket, RiskPosition } from '../requirement/position-margin.js';

/** Random tiers, markets and positions, and decimals wide enough to be the twin of exact fractions. */
export const Wide = Decimal.clone({ precision: 120 });
export type Wide = InstanceType<typeof Wide>;

export const wide = (n: bigint) => new Wide(n.toString());

/** BTC-PERP of the default configuration (100 micro-USD), one that is worth a fraction, and odd ones. */
export const tickLot: fc.Arbitrary<TickLotValue> = fc.constantFrom(
  { numerator: 100n, denominator: 1n },
  { numerator: 1n, denominator: 1n },
  { numerator: 1n, denominator: 100n },
  { numerator: 25n, denominator: 7n },
  { numerator: 10n, denominator: 10n ** 9n },
);

const rateE18 = fc.oneof(
  fc.constantFrom(0n, 1n, RATE_ONE, RATE_ONE / 3n, RATE_ONE / 7n),
  fc.nat(1_000_000).map((ppm) => BigInt(ppm) * 10n ** 12n),
  fc.bigInt(0n, RATE_ONE),
);

/** Up to six tiers that are in order, with rates of any fineness. */
export const tiers: fc.Arbitrary<MarginTier[]> = fc
  .array(fc.tuple(fc.bigInt(1n, 10n ** 13n), rateE18, rateE18), { minLength: 1, maxLength: 6 })
  .map((steps) => {
    const byRate = (at: 1 | 2) => steps.map((step) => step[at]).sort((a, b) => (a < b ? -1 : 1));
    const [some, others] = [byRate(1), byRate(2)];
    let floor = 0n;
    return steps.map(([gap], index) => {
      if (index > 0) floor += gap;
      const [a, b] = [some[index] as bigint, others[index] as bigint];
      return {
        notionalFloorMicroUsd: floor,
        initialRateE18: a > b ? a : b,
        maintenanceRateE18: a > b ? b : a,
      };
    });
  });

export const ticks = fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 2n ** 31n - 1n));
export const signedLots = fc.oneof(fc.bigInt(-1000n, 1000n), fc.bigInt(-(2n ** 40n), 2n ** 40n));

export const market: fc.Arbitrary<RiskMarket> = fc
  .record({
    tickLot,
    markTicks: ticks,
    tiers,
    takerRateE18: fc.constantFrom(0n, 5n * 10n ** 14n, 1n, 10n ** 16n),
  })
  .map(({ tiers: each, ...rest }) => ({ ...rest, brackets: bracketsOf(each) }));

export const position: fc.Arbitrary<RiskPosition> = fc
  .record({ lots: signedLots, entryTicks: ticks, dust: fc.bigInt(-50n, 50n) })
  .map(({ dust, entryTicks, lots }) => ({
    lots,
    // An average entry price seldom lies on a tick.
    entryValueTickLots: lots === 0n ? 0n : lots * entryTicks + dust,
  }));

/** A market with the given tiers, each a notional in dollars with its rates in ppm. */
export function marketWith(
  steps: readonly [floorUsd: number, initialPpm: number, maintenancePpm: number][],
  markTicks: bigint,
  worth: TickLotValue = { numerator: 100n, denominator: 1n },
): RiskMarket {
  const ppm = (rate: number) => BigInt(rate) * 10n ** 12n;
  const brackets = bracketsOf(
    steps.map(([floor, initial, maintenance]) => ({
      notionalFloorMicroUsd: BigInt(floor) * 1_000_000n,
      initialRateE18: ppm(initial),
      maintenanceRateE18: ppm(maintenance),
    })),
  );
  return { tickLot: worth, markTicks, takerRateE18: 0n, brackets };
}
