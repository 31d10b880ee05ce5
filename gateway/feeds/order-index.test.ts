import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderIndex } from './order-index.js';

/** An index whose slots are the keys themselves, by their place in a list; it counts how often a key is looked at. */
function indexOfKeys() {
  const keys: number[] = [];
  const seen = { looks: 0 };
  const index = new OrderIndex((slot) => {
    seen.looks++;
    return keys[slot] as number;
  });
  const put = (key: number) => {
    index.put(key, keys.push(key) - 1);
  };
  return { index, keys, put, seen };
}

describe('the index of open orders', () => {
  it('knows what a map knows, whatever comes and goes', () => {
    // Ids count up; beyond 2^32 both halves matter.
    const id = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.maxSafeNat());
    fc.assert(
      fc.property(fc.array(id, { maxLength: 3_000 }), (ids) => {
        const { index, keys, put } = indexOfKeys();
        const known = new Map<number, number>();
        for (const key of ids) {
          if (known.has(key)) {
            index.delete(key);
            known.delete(key);
          } else {
            put(key);
            known.set(key, keys.length - 1);
          }
        }
        for (const key of ids) expect(index.get(key)).toBe(known.get(key) ?? -1);
        expect(index.slots().sort((a, b) => a - b)).toEqual([...known.values()]);
      }),
    );
  });

  it.each([1, 2 ** 31, 2 ** 40])(
    'looks at few others when an order goes, however many open ones have the next ids (from %d)',
    (first) => {
      const OPEN = 10_000;
      const GONE = 5_000;
      const { index, put, seen } = indexOfKeys();
      for (let i = 0; i < OPEN; i++) put(first + i);
      seen.looks = 0;
      for (let i = 0; i < GONE; i++) {
        index.delete(first + i);
        expect(index.get(first + i)).toBe(-1);
        put(first + OPEN + i);
      }
      expect(seen.looks / GONE).toBeLessThan(10);
    },
  );
});
