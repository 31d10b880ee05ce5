import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ClosedPosition, pairSettlement } from './settlement-pairs.js';

interface Settlement {
  positions: ClosedPosition[];
  priceTicks: number;
  numerator: number;
  denominator: number;
}

/** Random positions that add up to zero, closed as engine/kernel/positions.ts closes them: profit rounded down. */
const settlement: fc.Arbitrary<Settlement> = fc
  .record({
    lots: fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean()), { minLength: 1 }),
    priceTicks: fc.integer({ min: 1, max: 100_000 }),
    prices: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 201, maxLength: 201 }),
    numerator: fc.constantFrom(1, 2, 5, 10, 1_000),
    denominator: fc.constantFrom(1, 3, 7, 1_001, 1_000_003),
  })
  .map(({ lots, priceTicks, prices, numerator, denominator }) => {
    const sizes = lots.map(([size, isLong]) => (isLong ? size : -size));
    const rest = sizes.reduce((sum, size) => sum + size, 0);
    if (rest !== 0) sizes.push(-rest);
    const positions = sizes.map((size, i): ClosedPosition => {
      const entryTickLots = size * (prices[i] as number);
      const value = BigInt(size * priceTicks - entryTickLots) * BigInt(numerator);
      return {
        accountId: i + 1,
        lots: size,
        entryTickLots,
        realizedMicroUsd: Number(floorDivide(value, BigInt(denominator))),
      };
    });
    return { positions, priceTicks, numerator, denominator };
  });

function floorDivide(value: bigint, divisor: bigint): bigint {
  return (value - (((value % divisor) + divisor) % divisor)) / divisor;
}

it('divides a settlement into pairs that balance each, and add up to what was booked', () => {
  const check = ({ positions, priceTicks, numerator, denominator }: Settlement) => {
    const contract = {
      microUsdPerTickLotNumerator: numerator,
      microUsdPerTickLotDenominator: denominator,
    };
    const sums = new Map<number, ClosedPosition>();
    for (const { lots, long, short } of pairSettlement(positions, priceTicks, contract)) {
      expect([lots > 0, long.deltaLots, short.deltaLots]).toEqual([true, -lots, lots]);
      let dust = 0n;
      for (const side of [long, short]) {
        const { accountId, deltaLots, deltaEntryTickLots, realizedMicroUsd } = side;
        const before = sums.get(accountId);
        sums.set(accountId, {
          accountId,
          lots: (before?.lots ?? 0) - deltaLots,
          entryTickLots: (before?.entryTickLots ?? 0) - deltaEntryTickLots,
          realizedMicroUsd: (before?.realizedMicroUsd ?? 0) + realizedMicroUsd,
        });
        dust += BigInt(deltaEntryTickLots) * BigInt(numerator);
        dust -= BigInt(realizedMicroUsd) * BigInt(denominator);
      }
      expect(dust >= 0n && dust < 2n * BigInt(denominator)).toBe(true);
    }
    const byAccount = [...sums.values()].sort((a, b) => a.accountId - b.accountId);
    expect(byAccount).toEqual(positions);
  };
  fc.assert(fc.property(settlement, check), { numRuns: 500 });
});
