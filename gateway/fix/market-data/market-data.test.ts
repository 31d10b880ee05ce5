import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FixClient, fieldsOf } from '../../testing/fix-client.js';
import { FixExchange } from '../../testing/fix-exchange.js';
import type { FixMessage } from '../codec/fix-message.js';
import { MSG, TAG } from '../codec/tags.js';
import { levelChanges, UPDATE_DELETE, UPDATE_NEW } from './level-changes.js';

type Pair = readonly [number, string | number];

const BUY = {
  [TAG.Symbol]: 'BTC-PERP',
  [TAG.Side]: 1,
  [TAG.OrdType]: 2,
  [TAG.OrderQty]: '0.010',
};

const isSnapshot = ({ type }: FixMessage) => type === MSG.MarketDataSnapshot;
const isUpdate = ({ type }: FixMessage) => type === MSG.MarketDataIncremental;
const isReject = ({ type }: FixMessage) => type === MSG.MarketDataRequestReject;

describe('changes between two lists of levels', () => {
  it('turn one into the other, and never need more room than the larger', () => {
    const levels = (order: number) =>
      fc
        .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3 })), {
          selector: ([price]) => price,
          maxLength: 12,
        })
        .map((rows) => rows.sort(([a], [b]) => (a - b) * order).flat());
    const sides = fc.constantFrom(1 as const, -1 as const);
    const changes = sides.chain((order) =>
      fc.tuple(fc.constant(order), levels(order), levels(order)),
    );
    fc.assert(
      fc.property(changes, ([order, before, after]) => {
        const book = new Map<number, number>();
        for (let i = 0; i < before.length; i += 2) book.set(before[i]!, before[i + 1]!);
        let most = book.size;
        for (const { action, priceTicks, lots } of levelChanges(before, after, order)) {
          expect(book.has(priceTicks)).toBe(action !== UPDATE_NEW);
          if (action === UPDATE_DELETE) book.delete(priceTicks);
          else {
            expect(book.get(priceTicks)).not.toBe(lots);
            book.set(priceTicks, lots);
          }
          most = Math.max(most, book.size);
        }
        expect([...book].sort(([a], [b]) => (a - b) * order).flat()).toEqual(after);
        expect(most).toBeLessThanOrEqual(Math.max(before.length, after.length) / 2);
      }),
    );
  });
});

describe('market data', () => {
  let exchange: FixExchange;
  let reader: FixClient;
  let trader: FixClient;

  beforeEach(async () => {
    exchange = new FixExchange();
    await exchange.start();
    reader = await exchange.client(1);
    trader = await exchange.client(2);
  });
  afterEach(async () => {
    await exchange.close();
    expect(exchange.errors).toEqual([]);
  });

  function request(
    id: string,
    change: Record<number, string | number | null> = {},
    types = [0, 1],
  ) {
    const head: Pair[] = [
      [TAG.MDReqID, id],
      [TAG.SubscriptionRequestType, 1],
      [TAG.MarketDepth, 0],
      [TAG.MDUpdateType, 1],
      [TAG.AggregatedBook, 'Y'],
      [TAG.NoMDEntryTypes, types.length],
      ...types.map((type): Pair => [TAG.MDEntryType, type]),
      [TAG.NoRelatedSym, 1],
      [TAG.Symbol, 'BTC-PERP'],
    ];
    const pairs = head.flatMap(([tag, value]): Pair[] => {
      const changed = change[tag];
      if (changed === undefined) return [[tag, value]];
      return changed === null ? [] : [[tag, changed]];
    });
    reader.send('V', pairs);
  }

  /** Places orders and waits until they rest, and until that is published: of a busy machine that is more than a tick later. */
  async function rest(...orders: [string, number, string][]): Promise<void> {
    const before = trader.received.length;
    for (const [id, side, price] of orders) {
      trader.send('D', { ...BUY, [TAG.ClOrdID]: id, [TAG.Side]: side, [TAG.Price]: price });
    }
    await expect.poll(() => trader.received.length).toBe(before + orders.length);
    await expect.poll(() => exchange.sources.bookOf(1).changed).toBe(false);
  }

  /** The levels that a reader has after a snapshot and its updates. */
  function levels(id: string): string[] {
    const book = new Map<string, string>();
    for (const { type, tags, values } of reader.received) {
      if (type !== MSG.MarketDataSnapshot && type !== MSG.MarketDataIncremental) continue;
      if (values[tags.indexOf(TAG.MDReqID)] !== id) continue;
      if (type === MSG.MarketDataSnapshot) book.clear();
      let action = '0';
      let side = '';
      let price = '';
      tags.forEach((tag, i) => {
        const value = values[i] as string;
        if (tag === TAG.MDUpdateAction) action = value;
        else if (tag === TAG.MDEntryType) side = value;
        else if (tag === TAG.MDEntryPx) {
          price = value;
          if (action === '2') book.delete(`${side} ${price}`);
        } else if (tag === TAG.MDEntrySize && side !== '2') book.set(`${side} ${price}`, value);
      });
    }
    return [...book].map((entry) => entry.join(' x ')).sort();
  }

  it('begins with the book and follows it', async () => {
    await rest(['1', 1, '49990.0'], ['2', 1, '49980.0'], ['3', 2, '50010.0']);
    request('all');
    request('best', { [TAG.MarketDepth]: 1 });
    await reader.until(isSnapshot, 2);
    expect(levels('all')).toEqual(['0 49980.0 x 0.010', '0 49990.0 x 0.010', '1 50010.0 x 0.010']);
    expect(levels('best')).toEqual(['0 49990.0 x 0.010', '1 50010.0 x 0.010']);
    await rest(['4', 1, '49995.0'], ['5', 1, '49990.0'], ['6', 2, '50020.0']);
    await expect.poll(() => levels('best')).toEqual(['0 49995.0 x 0.010', '1 50010.0 x 0.010']);
    const seven = { [TAG.OrigClOrdID]: '4', [TAG.ClOrdID]: '7', [TAG.Symbol]: 'BTC-PERP' };
    trader.send('F', seven);
    await expect.poll(() => levels('best')).toEqual(['0 49990.0 x 0.020', '1 50010.0 x 0.010']);
    expect(levels('all')).toEqual([
      '0 49980.0 x 0.010',
      '0 49990.0 x 0.020',
      '1 50010.0 x 0.010',
      '1 50020.0 x 0.010',
    ]);
  });

  it('comes once, or until it is not wanted any more', async () => {
    await rest(['1', 1, '49990.0']);
    request('once', { [TAG.SubscriptionRequestType]: 0 });
    request('goes on');
    request('whole', { [TAG.MDUpdateType]: 0 });
    await reader.until(isSnapshot, 3);
    reader.send('V', [
      [TAG.MDReqID, 'goes on'],
      [TAG.SubscriptionRequestType, 2],
      [TAG.MarketDepth, 0],
    ]);
    await rest(['2', 1, '49980.0']);
    const [, , , whole] = await reader.until(isSnapshot, 4);
    expect(fieldsOf(whole as FixMessage, TAG.MDReqID, TAG.NoMDEntries)).toEqual(['whole', '2']);
    expect(reader.received.filter(isUpdate)).toEqual([]);
  });

  it('tells each trade', async () => {
    request('trades', {}, [2]);
    const [snapshot] = await reader.until(isSnapshot);
    expect(snapshot?.get(TAG.NoMDEntries)).toBe('0');
    await rest(['1', 1, '49990.0']);
    reader.send('D', { ...BUY, [TAG.ClOrdID]: 's', [TAG.Side]: 2, [TAG.Price]: '49980.0' });
    const [trade] = await reader.until(isUpdate);
    const tags = [
      TAG.MDEntryType,
      TAG.MDEntryPx,
      TAG.MDEntrySize,
      TAG.MDEntryDate,
      TAG.MDEntryTime,
    ];
    expect(fieldsOf(trade as FixMessage, ...tags)).toEqual([
      '2',
      '49990.0',
      '0.010',
      '20260101',
      '00:00:00.000',
    ]);
  });

  it('is refused with a reason', async () => {
    request('taken');
    const wrong: [Record<number, string | number | null>, string | undefined, number[]?][] = [
      [{ [TAG.Symbol]: 'DOGE-PERP' }, '0'],
      [{ [TAG.NoRelatedSym]: 2 }, '0'],
      [{ [TAG.MDReqID]: 'taken' }, '1'],
      [{ [TAG.SubscriptionRequestType]: 7 }, '4'],
      [{ [TAG.SubscriptionRequestType]: 2 }, undefined],
      [{ [TAG.MDUpdateType]: 2 }, '6'],
      [{ [TAG.AggregatedBook]: 'N' }, '7'],
      [{}, '8', [4]],
      [{ [TAG.NoMDEntryTypes]: 3 }, '8'],
    ];
    wrong.forEach(([change, , types], i) => {
      request(`wrong-${i}`, change, types);
    });
    const found = await reader.until(isReject, wrong.length);
    expect(found.map((one) => one.get(TAG.MDReqRejReason))).toEqual(
      wrong.map(([, reason]) => reason),
    );
    expect(reader.received.filter(isSnapshot)).toHaveLength(1);
  });

  it('is not sent again: a gap fill stands for it', async () => {
    request('book');
    // On another connection the order might overtake the request, and would be in the snapshot.
    await reader.until(isSnapshot);
    await rest(['1', 1, '49990.0']);
    await reader.until(isUpdate);
    const { nextIn } = reader.numbers;
    reader.numbers.nextIn = 1;
    reader.received.length = 0;
    reader.send('2', { [TAG.BeginSeqNo]: 1, [TAG.EndSeqNo]: nextIn - 1 });
    await expect.poll(() => reader.numbers.nextIn).toBe(nextIn);
    expect(reader.received).toEqual([]);
  });
});

describe('market data of a deep book', () => {
  it('counts by its length: who asks again and again is refused for the moment', async () => {
    const slow = { requestsPerSecond: 0.001, requestsBurst: 400 };
    const exchange = new FixExchange(slow);
    await exchange.start();
    const reader = await exchange.client(1);
    const trader = await exchange.client(2);
    for (let i = 0; i < 300; i++) {
      const price = (50_000 - i / 10).toFixed(1);
      trader.send('D', { ...BUY, [TAG.ClOrdID]: `o${i}`, [TAG.Price]: price });
    }
    await expect.poll(() => trader.received.length).toBeGreaterThanOrEqual(300);
    await expect.poll(() => exchange.sources.bookOf(1).published(0, 1_000).length).toBe(600);
    // 300 levels are nine kilobytes, so ten tokens with the request: forty of them use up all.
    for (let i = 0; i < 60; i++) {
      reader.send('V', [
        [TAG.MDReqID, `r${i}`],
        [TAG.SubscriptionRequestType, 0],
        [TAG.MarketDepth, 0],
        [TAG.NoMDEntryTypes, 1],
        [TAG.MDEntryType, 0],
        [TAG.NoRelatedSym, 1],
        [TAG.Symbol, 'BTC-PERP'],
      ]);
    }
    await reader.until((message) => isSnapshot(message) || isReject(message), 60);
    const snapshots = reader.received.filter(isSnapshot).length;
    expect(snapshots).toBeGreaterThan(30);
    expect(snapshots).toBeLessThan(50);
    await exchange.close();
  });
});
