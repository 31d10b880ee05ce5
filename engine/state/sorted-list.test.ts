import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedList } from './sorted-list.js';

interface Item {
  readonly id: number;
  readonly key: number;
}

const step = fc.record({
  adds: fc.boolean(),
  key: fc.integer({ min: -20, max: 20 }),
  choice: fc.nat(10_000),
});

it('answers like an array that is sorted each time, through splits and joins of leaves', () => {
  fc.assert(
    // Long runs of one kind, so that leaves fill up and run empty.
    fc.property(fc.array(fc.tuple(step, fc.nat(90)), { maxLength: 12 }), (runs) => {
      const list = new SortedList<Item>(({ key }) => key);
      let items: Item[] = [];
      let id = 0;
      for (const [{ adds, key, choice }, times] of runs) {
        for (let i = 0; i < times; i++) {
          if (adds) {
            const item = { id: ((++id * 7_919) % 100_003) + 1, key: key + ((choice * i) % 7) };
            list.add(item);
            items.push(item);
          } else if (items.length > 0) {
            const [gone] = items.splice((choice + i * 13) % items.length, 1) as [Item];
            expect(list.remove(gone)).toBe(true);
            expect(list.remove(gone)).toBe(false);
          }
        }
        items = items.sort((a, b) => a.key - b.key || a.id - b.id);
        expect(list.length).toBe(items.length);
        expect(list.first).toBe(items[0]);
        expect([...list]).toEqual(items);
        expect(list.upTo(key)).toEqual(items.filter((item) => item.key <= key));
      }
    }),
    { numRuns: 300 },
  );
});

it('does not remove another item with the same numbers', () => {
  const list = new SortedList<Item>(({ key }) => key);
  list.add({ id: 1, key: 5 });
  expect(list.remove({ id: 1, key: 5 })).toBe(false);
  expect(list.remove({ id: 2, key: 5 })).toBe(false);
  expect(list.length).toBe(1);
});

it('moves few items for each change of a long list', () => {
  const list = new SortedList<Item>(({ key }) => key);
  const items = Array.from({ length: 20_000 }, (_, i) => ({ id: i, key: (i * 7_919) % 20_011 }));
  let moved = 0;
  const { splice } = Array.prototype;
  Array.prototype.splice = function (this: unknown[], ...given: [number, number]) {
    moved += this.length - given[0];
    return splice.apply(this, given);
  };
  try {
    for (const item of items) list.add(item);
    for (const item of items) list.remove(item);
  } finally {
    Array.prototype.splice = splice;
  }
  // Half a leaf, twice, and now and then half of the leaves; of one array it would be five thousand.
  expect(moved / items.length / 2).toBeLessThan(100);
});
