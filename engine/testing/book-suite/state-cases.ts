import { describe, expect, it } from 'vitest';
import * as type from '../../messages/types.js';
import { CanonicalWriter } from '../../state/canonical-writer.js';
import { BookTester, type CreateBook } from '../book-tester.js';
import { amend, buy, cancel, replace, sell, type TestMessage } from '../messages.js';

/** Queries, expiry, cancel of everything, and canonical state. */
export function describeState(createBook: CreateBook): void {
  describe('queries', () => describeQueries(createBook));
  describe('expiry', () => describeExpiry(createBook));
  describe('canonical state', () => describeCanonical(createBook));
}

function describeQueries(createBook: CreateBook): void {
  it('an empty book has no prices, orders or expiries', () => {
    const { book } = new BookTester(createBook);
    expect([book.bestBid(), book.bestAsk(), book.openOrders]).toEqual([0, 0, 0]);
    expect(book.openOrdersOf(1)).toBe(0);
    expect(book.nextExpiryMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('best prices and counts follow the book', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([buy(98, 1), buy(99, 2, { account: 2 }), sell(103, 4), sell(102, 3)]);
    const { book } = tester;
    expect([book.bestBid(), book.bestAsk(), book.openOrders]).toEqual([99, 102, 4]);
    expect([1, 2, 3].map((account) => book.openOrdersOf(account))).toEqual([3, 1, 0]);
    tester.sendAll([cancel(2, { account: 2 }), cancel(4), cancel(3)]);
    expect([book.bestBid(), book.bestAsk(), book.openOrders]).toEqual([98, 0, 1]);
  });

  it('levels come best first, with sums, up to the depth', () => {
    const tester = new BookTester(createBook);
    const far = sell(1_900_000_000, 2 ** 40);
    tester.sendAll([
      buy(98, 1),
      buy(99, 2),
      buy(98, 5),
      buy(3, 7),
      far,
      sell(101, 1),
      sell(101, 1),
    ]);
    expect(tester.levels(type.SIDE_BUY)).toEqual(['2@99 in 1', '6@98 in 2', '7@3 in 1']);
    expect(tester.levels(type.SIDE_BUY, 2)).toEqual(['2@99 in 1', '6@98 in 2']);
    expect(tester.levels(type.SIDE_BUY, 0)).toEqual([]);
    const asks = ['2@101 in 2', '1099511627776@1900000000 in 1'];
    expect(tester.levels(type.SIDE_SELL)).toEqual(asks);
  });

  it('levels follow fills and amends', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([buy(98, 10), buy(98, 5), sell(98, 3), amend({ orderId: 2, lots: 2 })]);
    expect(tester.levels(type.SIDE_BUY)).toEqual(['9@98 in 2']);
  });

  it("find gives a handle to the account's own open order", () => {
    const tester = new BookTester(createBook);
    const order = buy(98, 10, { postOnly: true, tier: 3 });
    tester.sendAll([order, sell(98, 4, { account: 2 })]);
    const handle = tester.find(1, 1);
    const { book } = tester;
    expect(book.flagsOf(handle)).toBe(order.flags);
    expect(book.priceOf(handle)).toBe(98);
    expect([book.totalLotsOf(handle), book.remainingLotsOf(handle)]).toEqual([10, 6]);
    expect([tester.find(1, 2), tester.find(2, 1), tester.find(2 ** 40, 1)]).toEqual([-1, -1, -1]);
  });
}

function describeExpiry(createBook: CreateBook): void {
  const until = (expiryMs: number) => ({ tif: 'gtd' as const, expiryMs });

  it('ends orders by expiry, then id, up to and including now', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([
      buy(95, 1, until(3000)),
      sell(105, 2, until(1000)),
      buy(96, 3, until(2000)),
      buy(97, 4),
      sell(106, 5, until(1000)),
    ]);
    expect(tester.book.nextExpiryMs()).toBe(1000);
    expect(tester.expire(999)).toEqual([]);
    expect(tester.expire(2000)).toEqual([
      'canceled #2 2@105 expired',
      'canceled #5 5@106 expired',
      'canceled #3 3@96 expired',
    ]);
    expect(tester.book.nextExpiryMs()).toBe(3000);
    expect(tester.expire(1e15)).toEqual(['canceled #1 1@95 expired']);
    expect(tester.tellOrders()).toEqual(['buy #4 4@97']);
    expect(tester.book.nextExpiryMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('orders that left otherwise do not expire', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([buy(95, 1, until(1000)), buy(95, 1, until(1000)), buy(95, 1, until(2000))]);
    tester.sendAll([cancel(1), sell(95, 1, { account: 2 }), replace(3, buy(95, 1))]);
    expect(tester.book.nextExpiryMs()).toBe(Number.POSITIVE_INFINITY);
    expect(tester.expire(5000)).toEqual([]);
  });

  it('an amend that moves the order keeps its expiry', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([buy(95, 1, until(1000)), amend({ orderId: 1, price: 94 })]);
    expect(tester.expire(1000)).toEqual(['canceled #1 1@94 expired']);
  });

  it('expiries beyond 32 bits keep their order', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([buy(95, 1, until(2 ** 52)), buy(95, 1, until(2 ** 52 - 1))]);
    expect(tester.expire(2 ** 52)).toEqual([
      'canceled #2 1@95 expired',
      'canceled #1 1@95 expired',
    ]);
  });

  it('cancel of everything goes through bids, then asks, best first, in queue order', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([buy(95, 1), sell(105, 2), buy(96, 3), buy(96, 4), sell(104, 5, until(9))]);
    expect(tester.cancelEverything(type.REASON_MARKET_STATE)).toEqual([
      'canceled #3 3@96 market_state',
      'canceled #4 4@96 market_state',
      'canceled #1 1@95 market_state',
      'canceled #5 5@104 market_state',
      'canceled #2 2@105 market_state',
    ]);
    expect([tester.book.openOrders, tester.book.nextExpiryMs()]).toEqual([0, Infinity]);
  });
}

/** A book with a bit of everything; account 1 is long, so that it may reduce. */
const VARIETY: TestMessage[] = [
  buy(100, 10, { clientRef: 6, markDistance: 3 }),
  sell(100, 4, { account: 2 }),
  buy(100, 7, { account: 3, tif: 'gtd', expiryMs: 5000, clientText: 'x', clientRef: 2 }),
  buy(1, 2 ** 40),
  sell(2 ** 31 - 1, 5, { account: 2, tier: 15, stp: 'decrement' }),
  sell(120, 3, { reduceOnly: true, postOnly: true }),
  amend({ orderId: 1, price: 99 }),
];

function describeCanonical(createBook: CreateBook): void {
  it('is what the specification lists', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([
      buy(100, 10, { clientRef: 6, markDistance: 3, tif: 'gtd', expiryMs: 8000 }),
      sell(100, 4, { account: 2 }),
      sell(130, 2, { account: 2, clientRef: 12 }),
    ]);
    const gtd = type.TIF_GTD << type.TIF_SHIFT;
    const bid = [1, 1, gtd, 100, 6, 10, 8000, 3];
    const ask = [3, 2, type.SIDE_SELL, 130, 2, 2, 0, 0];
    expect(floats(tester.canonical(false))).toEqual([3, 1, 100, 1, ...bid, 1, ...ask]);
    expect(floats(tester.canonical(true))).toEqual([3, 1, 100, 1, ...bid, 6, 1, ...ask, 12]);
  });

  it('restores to the same bytes and goes on in the same way', () => {
    const original = new BookTester(createBook);
    const restored = new BookTester(createBook);
    for (const tester of [original, restored]) tester.ledger.setPosition(1, 10, 100);
    original.sendAll(VARIETY);
    restored.ledger.setPosition(1, 14, 100);
    restored.restore(original.canonical(true));
    const further = [
      sell(90, 30, { account: 5 }),
      amend({ orderId: 4, lots: 5 }),
      sell(1, 2, { account: 5, tif: 'fok' }),
      buy(119, 1),
    ];
    for (const message of further) {
      expect(restored.send(message)).toEqual(original.send(message));
      expect(restored.canonical(true)).toEqual(original.canonical(true));
    }
    expect(restored.expire(9000)).toEqual(original.expire(9000));
  });

  it('ids and trades above 2^32 go on from a snapshot', () => {
    const tester = new BookTester(createBook);
    const last = 2 ** 40 + 5;
    tester.restore(snapshot(last, 2 ** 45));
    expect(tester.send(buy(100, 5))).toEqual([`* accepted #${last + 1} buy 5@100`]);
    expect(tester.send(sell(100, 2, { account: 2 }))).toEqual([
      `* accepted #${last + 2} sell 2@100`,
      `fill #${last + 1} maker 2@100 left 3 trade ${2 ** 45 + 1}`,
      `fill #${last + 2} taker 2@100 left 0 trade ${2 ** 45 + 1}`,
    ]);
    expect(tester.send(cancel(last + 1 - 2 ** 32))).toEqual([
      `* rejected order_is_not_open ${last + 1 - 2 ** 32} limit 0`,
    ]);
    expect(tester.send(cancel(last + 1))).toEqual([`* canceled #${last + 1} 3@100 user`]);
  });

  it('old orders stay found while ids run far ahead of them', () => {
    const tester = new BookTester(createBook);
    const bid = [3, 9, type.SIDE_BUY, 100, 6, 10, 0, 0, -1];
    const ask = [2 ** 33 + 3, 9, type.SIDE_SELL, 101, 6, 10, 0, 0, -1];
    tester.restore(bytes([2 ** 34, 7, 100, 1, ...bid, 1, ...ask]));
    for (let i = 0; i < 100; i++) tester.send(buy(50, 1, { tif: 'ioc' }));
    expect(tester.send(amend({ orderId: 3, account: 9, lots: 5 }))).toEqual([
      '* amended #3 6@100 → 1@100 total 5 user',
    ]);
    expect(tester.send(cancel(2 ** 33 + 3, { account: 9 }))).toEqual([
      '* canceled #8589934595 6@101 user',
    ]);
  });
}

function snapshot(lastOrderId: number, lastTradeSequence: number): Uint8Array {
  return bytes([lastOrderId, lastTradeSequence, 0, 0, 0]);
}

function bytes(values: readonly number[]): Uint8Array {
  const writer = new CanonicalWriter();
  for (const value of values) writer.put(value);
  return writer.bytes();
}

function floats(canonical: Uint8Array): number[] {
  return [...new Float64Array(canonical.buffer, canonical.byteOffset, canonical.byteLength / 8)];
}
