import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asQtyLots, QTY_LOTS_MAX } from '../units/units.js';
import {
  FLOOR_USD_MAX,
  MARGIN_WORDS,
  type MarginTier,
  marginTermsProblem,
  NO_MARGIN_TERMS,
  readMarginTerms,
  sameMarginTerms,
  TIERS_MAX,
  writeMarginTerms,
} from './margin-terms.js';

const tier = (floorUsd: number, initialPpm: number, maintenancePpm: number): MarginTier => {
  return { floorUsd, initialPpm, maintenancePpm };
};

describe('margin tiers and caps', () => {
  it('come out of a message as they went in', () => {
    const number = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    const tiers = fc.array(fc.tuple(number, number, number), { maxLength: TIERS_MAX });
    const cap = fc.integer({ min: 0, max: QTY_LOTS_MAX });
    fc.assert(
      fc.property(tiers, cap, cap, (some, interest, position) => {
        const terms = {
          tiers: some.map((numbers) => tier(...numbers)),
          openInterestLotsMax: asQtyLots(interest),
          positionLotsMax: asQtyLots(position),
          growthLowerUsd: interest % 2_000_000_000,
          growthUpperUsd: position % 2_000_000_000,
        };
        const words = new Int32Array(MARGIN_WORDS + 2).fill(-1);
        const floats = new Float64Array(words.buffer);
        writeMarginTerms(words, floats, 2, terms);
        expect(readMarginTerms(words, floats, 2)).toEqual(terms);
        expect(sameMarginTerms(terms, readMarginTerms(words, floats, 2))).toBe(true);
        expect(sameMarginTerms(terms, { ...terms, positionLotsMax: asQtyLots(position + 1) })).toBe(
          false,
        );
      }),
    );
  });

  it.each([
    ['none at all', NO_MARGIN_TERMS.tiers],
    ['one', [tier(0, 20_000, 10_000)]],
    ['rising ones', [tier(0, 1, 1), tier(1, 1, 1), tier(FLOOR_USD_MAX, 1_000_000, 1_000_000)]],
  ])('are sound: %s', (_name, tiers) => {
    expect(marginTermsProblem({ ...NO_MARGIN_TERMS, tiers })).toBe(null);
  });

  it.each([
    ['a first floor above zero', [tier(1, 2, 1)], 'floorUsd of tier 1', 1, 0],
    ['a floor twice', [tier(0, 2, 1), tier(5, 2, 1), tier(5, 2, 1)], 'floorUsd of tier 3', 5, 6],
    [
      'a floor too high',
      [tier(0, 2, 1), tier(FLOOR_USD_MAX + 1, 2, 1)],
      'floorUsd of tier 2',
      FLOOR_USD_MAX + 1,
      FLOOR_USD_MAX,
    ],
    ['no rate', [tier(0, 2, 0)], 'maintenancePpm of tier 1', 0, 1],
    ['a rate above one', [tier(0, 1_000_001, 1)], 'initialPpm of tier 1', 1_000_001, 1_000_000],
    ['maintenance above initial', [tier(0, 2, 3)], 'maintenancePpm of tier 1', 3, 2],
    ['a falling rate', [tier(0, 3, 1), tier(1, 2, 1)], 'initialPpm of tier 2', 2, 3],
    [
      'a falling maintenance rate',
      [tier(0, 3, 2), tier(1, 3, 1)],
      'maintenancePpm of tier 2',
      1,
      2,
    ],
    [
      'too many',
      Array.from({ length: TIERS_MAX + 1 }, (_, i) => tier(i, 2, 1)),
      'number of tiers',
      TIERS_MAX + 1,
      TIERS_MAX,
    ],
  ])('are refused with field, value and limit: %s', (_name, tiers, field, value, limit) => {
    const problem = marginTermsProblem({ ...NO_MARGIN_TERMS, tiers });
    expect(problem).toMatchObject({ value, limit });
    expect(problem?.sentence.startsWith(`${field} must be`)).toBe(true);
  });

  it('are refused with a cap that is no number of lots', () => {
    const cap = { ...NO_MARGIN_TERMS, openInterestLotsMax: asQtyLots(0.5) };
    expect(marginTermsProblem(cap)).toMatchObject({ value: 0.5, limit: QTY_LOTS_MAX });
  });
});
