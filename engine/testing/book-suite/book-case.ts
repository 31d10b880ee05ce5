import { describe, expect, it } from 'vitest';
import { BookTester, type CreateBook } from '../book-tester.js';
import type { TestMessage } from '../messages.js';

/** A row of a table: what stands in the book, what comes, what follows. */
export interface BookCase {
  name: string;
  /** Signed lots by account, entered at a price of 100. */
  positions?: Record<number, number>;
  given?: TestMessage[];
  when: TestMessage;
  /** Every event, in words (testing/events.ts); a star marks the answer. */
  told: string[];
  /** What is open afterwards, bids before asks, in queue order; left out: not looked at. */
  orders?: string[];
  priceTicksMax?: number;
}

export function describeCases(
  title: string,
  createBook: CreateBook,
  cases: readonly BookCase[],
): void {
  describe(title, () => {
    for (const row of cases) {
      it(row.name, () => {
        const tester = new BookTester(createBook, row.priceTicksMax);
        for (const [account, lots] of Object.entries(row.positions ?? {})) {
          tester.ledger.setPosition(Number(account), lots, 100);
        }
        tester.sendAll(row.given ?? []);
        const before = tester.tellOrders();
        const told = tester.send(row.when);
        expect(told).toEqual(row.told);
        if (row.orders !== undefined) expect(tester.tellOrders()).toEqual(row.orders);
        // A refusal leaves no trace in the book.
        if (told[0]?.startsWith('* rejected')) expect(tester.tellOrders()).toEqual(before);
      });
    }
  });
}
