import { beforeEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../testing/xorshift.js';
import { openBook, openHeap } from './books.js';
import { B_CELLS_USED, B_LAST_ORDER_ID, B_PAGE_COUNT, LEDGER_NONE, O_ID } from './layout.js';
import { i32At, setF64, useMemory } from './memory.js';
import { findOrder, indexBytes, indexOrder, unindexOrder } from './order-index.js';
import { restOf, takeOrder } from './orders.js';

let book = 0;

beforeEach(() => {
  useMemory(new WebAssembly.Memory({ initial: 64, maximum: 4096, shared: true }));
  openHeap();
  book = openBook(1, 1000, 10, LEDGER_NONE);
});

function open(id: number): number {
  const order = takeOrder();
  setF64(restOf(order) + O_ID, id);
  setF64(book + B_LAST_ORDER_ID, id);
  indexOrder(book, order, id);
  return order;
}

describe('the order index', () => {
  it.each([
    ['from the first id', 1],
    ['across 2^32', 2 ** 32 - 3000],
    ['near 2^53', 2 ** 53 - 80_000],
  ])('finds what a Map finds, %s', (_name, firstId) => {
    const random = new Xorshift(7);
    const known = new Map<number, number>();
    let id = firstId;
    for (let step = 0; step < 60_000; step++) {
      if (random.chance(60)) {
        known.set(id, open(id));
        id++;
      } else {
        const near = id - 1 - random.below(random.chance(10) ? 20_000 : 300);
        const order = known.get(near);
        expect(findOrder(book, near)).toBe(order ?? 0);
        if (order === undefined) continue;
        unindexOrder(book, order, near);
        known.delete(near);
      }
      // Old orders become few, so that their pages dissolve.
      if (step % 2000 === 0) thin(known, id - 3000);
    }
    for (const [each, order] of known) expect(findOrder(book, each)).toBe(order);
    expect(findOrder(book, id)).toBe(0);
    expect(i32At(book + B_CELLS_USED)).toBeGreaterThan(0);
  });

  /** All but every hundredth of the orders before this id are closed. */
  function thin(known: Map<number, number>, before: number): void {
    for (const [id, order] of known) {
      if (id >= before || id % 100 === 0) continue;
      unindexOrder(book, order, id);
      known.delete(id);
    }
  }

  it('costs little for orders that stay for long among millions that go', () => {
    const old: [number, number][] = [];
    let id = 1;
    for (let page = 0; page < 300; page++) {
      const opened = Array.from({ length: 1024 }, () => [id, open(id++)] as const);
      old.push(opened[0] as [number, number]);
      for (const [each, order] of opened.slice(1)) unindexOrder(book, order, each);
    }
    for (const [each, order] of old) expect(findOrder(book, each)).toBe(order);
    // Not a page of 4 KiB each: hash cells, a table of pages, and the last page.
    expect(indexBytes(book)).toBeLessThan(300 * 64);
  });

  it('begins anew where a snapshot leaves a gap of any size between ids', () => {
    const ids = [5, 6, 2000, 10 ** 6, 10 ** 9, 10 ** 9 + 1, 2 ** 40, 2 ** 40 + 70_000_000];
    const orders = ids.map((id) => open(id));
    for (const [i, id] of ids.entries()) expect(findOrder(book, id)).toBe(orders[i]);
    for (const id of [1, 7, 1999, 10 ** 9 - 1, 2 ** 40 - 1, 2 ** 41]) {
      expect(findOrder(book, id)).toBe(0);
    }
    expect(i32At(book + B_PAGE_COUNT)).toBeLessThan(66_000);
    for (const [i, id] of ids.entries()) unindexOrder(book, orders[i] as number, id);
    for (const id of ids) expect(findOrder(book, id)).toBe(0);
  });
});
