import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { actions, type BookAction, FIRST, FoldedBook } from '../testing/folded-book.js';
import { L2Book } from './l2-book.js';

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
