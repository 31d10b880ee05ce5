import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MarkInputs, markPriceTicks } from './mark-price.js';

const NONE: MarkInputs = {
  indexTicks: null,
  bidTicks: null,
  askTicks: null,
  lastTicks: null,
  basisEmaTicks: null,
};
const price = fc.bigInt(1n, 2n ** 31n - 1n);
const missing = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 });

describe('mark price', () => {
  // Index + basis 1,010, last 1,020 (clamped to 1,006), mid 1,004.
  const full: MarkInputs = {
    indexTicks: 1000n,
    basisEmaTicks: 10n,
    bidTicks: 1002n,
    askTicks: 1006n,
    lastTicks: 1020n,
  };
  const cases: [string, Partial<MarkInputs>, bigint | null][] = [
    ['is the median of three', {}, 1006n],
    ['last within the spread', { lastTicks: 1005n }, 1005n],
    ['last below the bid', { lastTicks: 1n, indexTicks: 1n, basisEmaTicks: 0n }, 1002n],
    ['a negative basis', { basisEmaTicks: -10n }, 1004n],
    ['no basis: the index alone', { basisEmaTicks: null }, 1004n],
    ['no index: mean of last and mid', { indexTicks: null }, 1005n],
    ['no index, and the basis alone says nothing', { indexTicks: null, lastTicks: null }, 1004n],
    ['no last: mean of index and mid', { lastTicks: null }, 1007n],
    ['no bid: last clamped to the ask, mean with the index', { bidTicks: null }, 1008n],
    ['no ask: last stays above the bid', { askTicks: null }, 1015n],
    ['no ask: last is raised to the bid', { askTicks: null, lastTicks: 1n }, 1006n],
    ['no book: last as it is', { bidTicks: null, askTicks: null }, 1015n],
    ['index alone', { bidTicks: null, askTicks: null, lastTicks: null }, 1010n],
    ['last alone', { ...NONE, lastTicks: 7n }, 7n],
    ['a bid alone is no price', { ...NONE, bidTicks: 7n }, null],
    ['basis alone is no price', { ...NONE, basisEmaTicks: 7n }, null],
    ['nothing', NONE, null],
    ['a mid of a half is rounded up', { ...NONE, bidTicks: 7n, askTicks: 8n }, 8n],
    ['a quarter is rounded down', { ...NONE, indexTicks: 7n, bidTicks: 7n, askTicks: 8n }, 7n],
  ];
  it.each(cases)('%s', (_name, change, expected) => {
    expect(markPriceTicks({ ...full, ...change })).toBe(expected);
  });

  const inputs = fc
    .record({
      indexTicks: missing(price),
      basisEmaTicks: missing(fc.bigInt(-1000n, 1000n)),
      book: fc.tuple(missing(price), missing(price)),
      lastTicks: missing(price),
    })
    .map(({ book: [a, b], ...rest }): MarkInputs => {
      const isCrossed = a !== null && b !== null && a > b;
      return { ...rest, bidTicks: isCrossed ? b : a, askTicks: isCrossed ? a : b };
    });

  it('equals the median of the sorted candidates in doubles, which are exact here', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const n = (value: bigint | null) => (value === null ? null : Number(value));
        const [bid, ask, last, index] = [
          n(given.bidTicks),
          n(given.askTicks),
          n(given.lastTicks),
          n(given.indexTicks),
        ];
        const candidates: number[] = [];
        if (index !== null) candidates.push(index + Number(given.basisEmaTicks ?? 0n));
        if (last !== null) candidates.push(Math.max(Math.min(last, ask ?? last), bid ?? -1));
        if (bid !== null && ask !== null) candidates.push((bid + ask) / 2);
        candidates.sort((a, b) => a - b);
        const [a, b, c] = candidates;
        const median = c !== undefined ? b : b === undefined ? a : ((a as number) + b) / 2;
        const expected = median === undefined ? null : Math.floor(median + 0.5);
        expect(n(markPriceTicks(given))).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays within the spread as long as all three are there, whatever index and last price say', () => {
    const whole = inputs.filter((given) => given.bidTicks !== null && given.askTicks !== null);
    fc.assert(
      fc.property(whole, price, price, (given, indexTicks, lastTicks) => {
        const mark = markPriceTicks({ ...given, indexTicks, lastTicks }) as bigint;
        const [bid, ask] = [given.bidTicks as bigint, given.askTicks as bigint];
        expect(mark >= bid && mark <= ask).toBe(true);
      }),
    );
  });
});
