import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naiveAggregate } from '../testing/naive-aggregate.js';
import { aggregate, type Candidate } from './aggregate.js';
import type { IndexGuards } from './guards.js';

const NOW_MS = 1_790_000_000_000;
const GUARDS: IndexGuards = {
  ageMaxMs: 10_000,
  aheadMaxMs: 5_000,
  confidenceMaxPpm: 10_000,
  deviationMaxPpm: 10_000,
  sourcesMin: 1,
  goodRounds: 3,
};

function candidate(priceMilliTicks: number, change: Partial<Candidate> = {}): Candidate {
  return { priceMilliTicks, confidenceMilliTicks: 0, publishTimeMs: NOW_MS, ...change };
}

function priceOf(prices: readonly number[], guards = GUARDS): number | undefined {
  const candidates = prices.map((price) => candidate(price));
  return aggregate(candidates, NOW_MS, guards).index?.priceMilliTicks;
}

describe('the aggregate of sources', () => {
  it.each([
    [[], undefined],
    [[7], 7],
    // Two: their mean, rounded down.
    [[100_000, 100_500], 100_250],
    [[100_001, 100_000], 100_000],
    [[100_300, 100_000, 100_100], 100_100],
    [[100_300, 100_000, 100_100, 100_200], 100_150],
    [[100_000, 100_000, 100_900], 100_000],
    // One of three lies: it is left out, and the mean of the others counts.
    [[100_000, 100_100, 200_000], 100_050],
    [[100_000, 100_100, 1], 100_050],
    // Of two that disagree, and of two pairs, nothing says who is right.
    [[100_000, 103_000], undefined],
    [[100_000, 100_000, 103_000, 103_000], undefined],
  ])('of %j is %s', (prices, expected) => {
    expect(priceOf(prices)).toBe(expected);
  });

  it('keeps what lies exactly on a limit, and names value and limit of what does not', () => {
    const exact = [
      candidate(100_000, { publishTimeMs: NOW_MS - 10_000 }),
      candidate(100_000, { publishTimeMs: NOW_MS + 5_000 }),
      candidate(100_000, { confidenceMilliTicks: 1_000 }),
      candidate(101_000),
    ];
    expect(aggregate(exact, NOW_MS, GUARDS)).toEqual({
      leftOut: [null, null, null, null],
      used: 4,
      index: candidate(100_000, { publishTimeMs: NOW_MS }),
    });
    const beyond = [
      candidate(100_000, { publishTimeMs: NOW_MS - 10_001 }),
      candidate(100_000, { publishTimeMs: NOW_MS + 5_001 }),
      candidate(100_000, { confidenceMilliTicks: 1_001 }),
      candidate(101_001),
      candidate(100_000),
      candidate(100_000),
    ];
    expect(aggregate(beyond, NOW_MS, GUARDS).leftOut).toEqual([
      { doubt: 'too_old', value: 10_001, limit: 10_000 },
      { doubt: 'from_the_future', value: 5_001, limit: 5_000 },
      { doubt: 'too_uncertain', value: 1_001, limit: 1_000 },
      { doubt: 'too_far_from_median', value: 1_001, limit: 1_000 },
      null,
      null,
    ]);
  });

  it('takes the larger middle confidence and the older middle time', () => {
    const two = [
      candidate(100, { confidenceMilliTicks: 1, publishTimeMs: NOW_MS - 500 }),
      candidate(100, { confidenceMilliTicks: 0, publishTimeMs: NOW_MS - 100 }),
    ];
    const { index } = aggregate(two, NOW_MS, GUARDS);
    expect(index).toEqual({
      priceMilliTicks: 100,
      confidenceMilliTicks: 1,
      publishTimeMs: NOW_MS - 500,
    });
  });

  it('wants as many sources as it was told', () => {
    expect(priceOf([100, 100], { ...GUARDS, sourcesMin: 2 })).toBe(100);
    expect(priceOf([100], { ...GUARDS, sourcesMin: 2 })).toBeUndefined();
    expect(priceOf([], { ...GUARDS, sourcesMin: 0 })).toBeUndefined();
  });

  it('without guards lets everything through', () => {
    const off = { ageMaxMs: 0, aheadMaxMs: 0, confidenceMaxPpm: 0, deviationMaxPpm: 0 };
    const wild = [
      candidate(1, { publishTimeMs: 0, confidenceMilliTicks: 1e12 }),
      candidate(2_000_000, { publishTimeMs: NOW_MS * 2 }),
    ];
    expect(aggregate(wild, NOW_MS, { ...GUARDS, ...off })).toMatchObject({ used: 2 });
  });

  const HIGHEST = (2 ** 31 - 1) * 1000;
  const near = fc.integer({ min: 99_000, max: 101_500 });
  const candidates = fc.array(
    fc.record({
      priceMilliTicks: fc.oneof(near, fc.integer({ min: 1, max: HIGHEST })),
      confidenceMilliTicks: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.nat(HIGHEST)),
      publishTimeMs: fc.integer({ min: NOW_MS - 12_000, max: NOW_MS + 6_000 }),
    }),
    { maxLength: 9 },
  );
  const guards = fc.record({
    ageMaxMs: fc.constantFrom(0, 1, 10_000),
    aheadMaxMs: fc.constantFrom(0, 5_000),
    confidenceMaxPpm: fc.constantFrom(0, 1, 10_000, 1_000_000),
    deviationMaxPpm: fc.constantFrom(0, 1, 5_000, 1_000_000),
    sourcesMin: fc.integer({ min: 0, max: 4 }),
    goodRounds: fc.constant(1),
  });

  it('says the same as its naive twin', () => {
    fc.assert(
      fc.property(candidates, guards, (list, limits) => {
        expect(aggregate(list, NOW_MS, limits)).toEqual(naiveAggregate(list, NOW_MS, limits));
      }),
      { numRuns: 1500 },
    );
  });

  it('does not depend on the order of the sources, and lies between those that it uses', () => {
    fc.assert(
      fc.property(candidates, guards, (list, limits) => {
        const { index, leftOut } = aggregate(list, NOW_MS, limits);
        expect(aggregate([...list].reverse(), NOW_MS, limits).index).toEqual(index);
        if (index === null) return;
        const used = list.filter((_, i) => leftOut[i] === null);
        const prices = used.map(({ priceMilliTicks }) => priceMilliTicks);
        expect(index.priceMilliTicks).toBeGreaterThanOrEqual(Math.min(...prices));
        expect(index.priceMilliTicks).toBeLessThanOrEqual(Math.max(...prices));
      }),
      { numRuns: 500 },
    );
  });

  it('a single liar among three honest sources moves it by no more than they differ', () => {
    const honest = fc.array(near, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(honest, fc.integer({ min: 1, max: HIGHEST }), (prices, lie) => {
        const found = priceOf([...prices, lie], { ...GUARDS, deviationMaxPpm: 100_000 });
        expect(found).toBeGreaterThanOrEqual(Math.min(...prices));
        expect(found).toBeLessThanOrEqual(Math.max(...prices));
      }),
    );
  });
});
