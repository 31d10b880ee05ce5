import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { actions, type BookAction, FIRST, FoldedBook } from '../testing/folded-book.js';
import { L2Book, type LevelChanges } from './l2-book.js';

describe('L2Book', () => {
  it('publishes each level that changed once, best price first', () => {
    const book = new L2Book();
    book.add(0, 100, 5);
    book.add(0, 101, 2);
    book.add(1, 103, 1);
    book.add(0, 100, -1);
    expect(book.publish()).toEqual({ bids: [101, 2, 100, 4], asks: [103, 1] });
    book.add(0, 101, -2);
    book.add(1, 102, 7);
    book.add(1, 102, -7);
    expect(book.publish()).toEqual({ bids: [101, 0], asks: [] });
    expect(book.published(0, 10)).toEqual([100, 4]);
    expect(book.changed).toBe(false);
  });

  it('shows in a snapshot what was published, not what came after', () => {
    const book = new L2Book();
    book.add(1, 103, 1);
    book.publish();
    book.add(1, 102, 1);
    expect(book.published(1, 10)).toEqual([103, 1]);
    expect(book.lotsAt(1, 102)).toBe(1);
  });
});

describe('L2Book with thousands of levels', () => {
  it.each([0, 1])('publishes many changes at once as it does a few (side %d)', (side) => {
    const PRICES = 4_000;
    const random = new Xorshift(11 + side);
    const [book, sparing] = [new L2Book(), new L2Book()];
    const mirror = new Map<number, number>();
    const told = (changes: LevelChanges) => (side === 0 ? changes.bids : changes.asks);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 6_000; i++) {
        const price = random.between(1, PRICES);
        const lots = book.lotsAt(side, price);
        const change = random.chance(40) ? -lots : random.between(1, 9);
        for (const each of [book, sparing]) each.add(side, price, change);
        // This one has few changes at a time.
        if (i % 100 === 99) sparing.publish();
      }
      apply(mirror, told(book.publish()));
      const order = side === 0 ? -1 : 1;
      expect(book.published(side, PRICES)).toEqual(sorted(mirror, order).flat());
      expect(book.published(side, PRICES)).toEqual(sparing.published(side, PRICES));
      expect(book.present(side)).toEqual(book.published(side, PRICES));
    }
  });

  it('names each level that is another one, best first, in one pass', () => {
    const book = new L2Book();
    for (let price = 1; price <= 3_000; price++) book.add(0, price, 1);
    book.publish();
    const wanted: number[] = [];
    for (let price = 3_500; price > 1_000; price--) {
      const change = price > 3_000 ? 2 : price % 3 === 0 ? -1 : price % 3 === 1 ? 1 : 0;
      book.add(0, price, change);
      if (change !== 0) wanted.push(price, (price > 3_000 ? 0 : 1) + change);
    }
    expect(book.publish().bids).toEqual(wanted);
    expect(book.changed).toBe(false);
  });
});

describe('the fold of order events', () => {
  it('has the levels of the book after each command, and publishes them', () => {
    fc.assert(
      fc.property(fc.array(actions, { minLength: 1, maxLength: 120 }), (list: BookAction[]) => {
        const folded = new FoldedBook();
        const mirror = [new Map<number, number>(), new Map<number, number>()] as const;
        list.forEach((action, i) => {
          folded.run(action);
          for (const side of [SIDE_BUY, SIDE_SELL]) {
            for (const [price, lots] of folded.bookLevels(side)) {
              expect(folded.l2.lotsAt(side, price)).toBe(lots);
            }
          }
          if (i % 3 !== 0) return;
          const changes = folded.l2.publish();
          apply(mirror[0], changes.bids);
          apply(mirror[1], changes.asks);
          expect(sorted(mirror[0], -1)).toEqual(folded.bookLevels(SIDE_BUY));
          expect(sorted(mirror[1], 1)).toEqual(folded.bookLevels(SIDE_SELL));
          expect(folded.l2.published(SIDE_BUY, 1e6)).toEqual(folded.bookLevels(SIDE_BUY).flat());
        });
        expect(folded.openOrders.count).toBe(folded.book.openOrders);
      }),
      { numRuns: 300 },
    );
  });

  it('lists the open orders of an account with what remains of them', () => {
    const folded = new FoldedBook();
    folded.run({ ...FIRST, side: 0, price: 10, lots: 9, account: 1 });
    folded.run({ ...FIRST, side: 1, price: 10, lots: 4, account: 2 });
    folded.run({ ...FIRST, side: 1, price: 12, lots: 3, account: 1 });
    const mine = folded.openOrders.ofAccount(1);
    expect(mine.map((order) => [order.orderId, order.qtyLots, order.remainingLots])).toEqual([
      [1, 9, 5],
      [3, 3, 3],
    ]);
    expect(folded.openOrders.ofAccount(2)).toEqual([]);
  });
});

function apply(levels: Map<number, number>, changes: readonly number[]): void {
  for (let i = 0; i < changes.length; i += 2) {
    const lots = changes[i + 1] as number;
    if (lots === 0) levels.delete(changes[i] as number);
    else levels.set(changes[i] as number, lots);
  }
}

function sorted(levels: Map<number, number>, order: number): [number, number][] {
  return [...levels].sort((a, b) => (a[0] - b[0]) * order);
}
