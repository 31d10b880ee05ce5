import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEPTHS, depthTermsOf, INTERVALS_MS, levelChanges } from './depth-content.js';

/** Price and lots by price, best first as `order` says. */
function sorted(levels: Map<number, number>, order: number): number[] {
  return [...levels].sort(([a], [b]) => (a - b) * order).flat();
}

const levels = fc.uniqueArray(
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3 })),
  {
    selector: ([price]) => price,
  },
);

describe('what leads from one list of levels to another', () => {
  it.each([-1, 1])(
    'brings whoever applies it there, and names no level for nothing (order %d)',
    (order) => {
      fc.assert(
        fc.property(levels, levels, (before, now) => {
          const book = new Map(before);
          const changes = levelChanges(
            sorted(new Map(before), order),
            sorted(new Map(now), order),
            order,
          );
          for (let i = 0; i < changes.length; i += 2) {
            const [price, lots] = changes.slice(i, i + 2) as [number, number];
            expect(book.get(price) ?? 0).not.toBe(lots);
            if (lots === 0) book.delete(price);
            else book.set(price, lots);
          }
          expect(sorted(book, order)).toEqual(sorted(new Map(now), order));
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe('the name of a channel with a depth', () => {
  it('says depth and interval, and nothing that is not offered', () => {
    for (const depth of DEPTHS) {
      for (const intervalMs of INTERVALS_MS) {
        const text = depth === Number.POSITIVE_INFINITY ? 'all' : String(depth);
        expect(depthTermsOf(`${text}.${intervalMs}ms`)).toEqual({ depth, intervalMs });
      }
    }
    for (const wrong of [
      '',
      '10',
      '10.100',
      '11.100ms',
      '10.20ms',
      '010.100ms',
      '10.100ms ',
      'ALL.100ms',
    ]) {
      expect(depthTermsOf(wrong)).toBeNull();
    }
  });
});
