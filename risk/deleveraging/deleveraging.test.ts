import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tickLot, wide } from '../testing/markets.js';
import { planDeleveraging } from './plan.js';
import { type AdlCandidate, adlScore, rankForDeleveraging } from './ranking.js';

const USD_TICK = { numerator: 1_000_000n, denominator: 1n };

/** Long at 640, entered at 600, with a tick·lot of one dollar. */
function long(accountId: number, lots: number, equityUsd: number, entry = 600n): AdlCandidate {
  return {
    accountId,
    lots: BigInt(lots),
    entryValueTickLots: BigInt(lots) * entry,
    markTicks: 640n,
    equityMicroUsd: BigInt(equityUsd) * 1_000_000n,
  };
}

function queueOf(candidates: AdlCandidate[], remainder: bigint) {
  return planDeleveraging(rankForDeleveraging(candidates, USD_TICK), remainder).map(
    ({ candidate, rank, reducedLots }) => [rank, candidate.accountId, Number(reducedLots)],
  );
}

describe('deleveraging', () => {
  it('takes the highest leverage first at equal profit', () => {
    const all = [long(1, 10, 3200), long(2, 10, 1066), long(3, 20, 2560)];
    expect(queueOf(all, 25n)).toEqual([
      [1, 2, 10],
      [2, 3, 15],
      [3, 1, 0],
    ]);
  });

  it('takes winners before those who are even, and those before losers', () => {
    const all = [long(1, 1, 10, 700n), long(2, 1, 10, 640n), long(3, 1, 10_000, 639n)];
    expect(queueOf(all, 3n).map(([, account]) => account)).toEqual([3, 2, 1]);
  });

  it('takes of losers the one with the higher leverage first', () => {
    expect(queueOf([long(1, 1, 10_000, 700n), long(2, 1, 10, 700n)], 1n)[0]).toEqual([1, 2, 1]);
  });

  it('takes the smaller account id first where scores are equal', () => {
    const all = [long(9, 10, 3200), long(10, 20, 6400), long(2, 5, 1600)];
    expect(queueOf(all, 12n)).toEqual([
      [1, 2, 5],
      [2, 9, 7],
      [3, 10, 0],
    ]);
  });

  it('takes a winner without equity before all others, and a loser without before other losers', () => {
    const all = [long(1, 10, 1), long(2, 1, -50), long(3, 1, 10, 700n), long(4, 1, 0, 700n)];
    expect(queueOf(all, 1n).map(([, account]) => account)).toEqual([2, 1, 4, 3]);
  });

  it('takes all there is when that is not enough', () => {
    expect(queueOf([long(1, 10, 3200), long(2, 10, 1066)], 50n)).toEqual([
      [1, 2, 10],
      [2, 1, 10],
    ]);
    expect(queueOf([], 50n)).toEqual([]);
  });
});

describe('any deleveraging', () => {
  const side = fc.constantFrom(1n, -1n);
  const candidates = fc.array(
    fc.record({
      lots: fc.bigInt(1n, 2n ** 40n),
      entryTicks: fc.bigInt(1n, 2n ** 20n),
      markTicks: fc.bigInt(1n, 2n ** 20n),
      equityMicroUsd: fc.oneof(fc.bigInt(-5n, 5n), fc.bigInt(-(10n ** 15n), 10n ** 15n)),
    }),
    { maxLength: 12 },
  );
  const all = fc.tuple(candidates, side).map(([rows, sign]) =>
    rows.map(({ entryTicks, lots, ...rest }, accountId): AdlCandidate => {
      return {
        ...rest,
        accountId,
        lots: sign * lots,
        entryValueTickLots: sign * lots * entryTicks,
      };
    }),
  );
  const remainder = fc.oneof(fc.bigInt(0n, 1000n), fc.bigInt(0n, 2n ** 42n));

  it('closes exactly the remainder or everything, nobody more than they have, and none before a better one', () => {
    fc.assert(
      fc.property(all, tickLot, remainder, (given, worth, lots) => {
        const plan = planDeleveraging(rankForDeleveraging(given, worth), lots);
        const size = (n: bigint) => (n < 0n ? -n : n);
        const had = given.reduce((sum, each) => sum + size(each.lots), 0n);
        const closed = plan.reduce((sum, each) => sum + each.reducedLots, 0n);
        expect(closed).toBe(had < lots ? had : lots);
        for (const [index, { candidate, reducedLots }] of plan.entries()) {
          expect(reducedLots >= 0n && reducedLots <= size(candidate.lots)).toBe(true);
          const next = plan[index + 1];
          if (next !== undefined && next.reducedLots > 0n) {
            expect(reducedLots).toBe(size(candidate.lots));
          }
        }
        expect(plan.map(({ candidate }) => candidate.accountId).sort((a, b) => a - b)).toEqual(
          given.map(({ accountId }) => accountId),
        );
      }),
    );
  });

  it('ranks the same whatever order the candidates come in', () => {
    const shuffled = all.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, tickLot, ([given, other], worth) => {
        expect(rankForDeleveraging(other, worth)).toEqual(rankForDeleveraging(given, worth));
      }),
    );
  });

  it('scores as the formula does in decimals', () => {
    const positive = all.map((given) =>
      given.map((each) => ({
        ...each,
        equityMicroUsd: each.equityMicroUsd > 0n ? each.equityMicroUsd : 1n,
      })),
    );
    fc.assert(
      fc.property(positive, tickLot, (given, worth) => {
        for (const each of given) {
          const profit = wide(each.lots * each.markTicks - each.entryValueTickLots);
          const ratio = profit.div(wide(each.entryValueTickLots).abs());
          const usd = wide(each.lots * each.markTicks)
            .abs()
            .times(wide(worth.numerator));
          const leverage = usd.div(wide(worth.denominator)).div(wide(each.equityMicroUsd));
          const expected = ratio.isNegative() ? ratio.div(leverage) : ratio.times(leverage);
          const { denominator, numerator } = adlScore(each, worth);
          const error = wide(numerator).div(wide(denominator)).minus(expected).abs();
          expect(error.lte(expected.abs().times('1e-90'))).toBe(true);
        }
      }),
    );
  });
});
