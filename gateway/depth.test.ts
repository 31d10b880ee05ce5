import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forEachOrder } from '../engine/book/book-canonical.js';
import type { FastBook } from '../engine/book/fast-book.js';
import { O_REMAINING } from '../engine/kernel/layout.js';
import { SIDE_BUY, SIDE_SELL } from '../engine/messages/types.js';
import { Xorshift } from '../engine/testing/xorshift.js';
import type { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import { TestExchange, until } from './testing/exchange.js';

/** Orders of both sides as the book itself has them queued, each as `id:qty`. */
function queuesOf({ kernel, book }: FastBook): string[][] {
  return [SIDE_BUY, SIDE_SELL].map((side) => {
    const found: string[] = [];
    forEachOrder(kernel, book, side, (order) => {
      const qty = (kernel.float(order + O_REMAINING) / 1000).toFixed(3);
      found.push(`${kernel.calls.idOf(order)}:${qty}`);
    });
    return found;
  });
}

const MARKET = 'BTC-PERP';
const LIMITS = { requestsPerSecond: 1e6, requestsBurst: 1e6 };

let exchange: TestExchange;
beforeEach(async () => {
  exchange = new TestExchange();
  await exchange.start({ limits: LIMITS });
});
afterEach(() => exchange.close());

/** Orders of both sides around 50,000, some of which trade, and cancels of half of those that rest. */
async function trade(client: PlimsollClient, random: Xorshift, orders: number): Promise<void> {
  for (let i = 0; i < orders; i++) {
    const side = random.chance(50) ? 'buy' : 'sell';
    const away = random.between(-2, 60) * (side === 'buy' ? -1 : 1);
    const price = (50_000 + away / 10).toFixed(1);
    const qty = `0.0${random.between(10, 99)}`;
    const { orderId } = await client.place({ market: MARKET, side, price, qty });
    if (random.chance(50) && client.account.order(MARKET, orderId as number) !== undefined) {
      await client.cancel({ market: MARKET, orderId: orderId as number });
    }
  }
}

describe('books of a depth', () => {
  it.each(['json', 'msgpack'] as const)(
    'are the head of the whole book, in %s, whatever happens',
    async (codec) => {
      const trader = await exchange.client(1);
      const reader = await exchange.client(2, { codec });
      await trader.subscribe('private');
      await trade(trader, new Xorshift(5), 60);
      const names = ['BTC-PERP', 'BTC-PERP.5.100ms', 'BTC-PERP.20.250ms', 'BTC-PERP.all.100ms'];
      for (const name of names) await reader.subscribe(`book.${name}`);
      await trade(trader, new Xorshift(6), 120);
      const head = (name: string, depth: number) => {
        const { bids, asks } = reader.book(name);
        return JSON.stringify([bids.slice(0, depth), asks.slice(0, depth)]);
      };
      await until(
        () =>
          head('BTC-PERP', 5) === head(names[1] as string, 1e3) &&
          head('BTC-PERP', 20) === head(names[2] as string, 1e3) &&
          head('BTC-PERP', 1e3) === head(names[3] as string, 1e3),
        'all show the same',
      );
      expect(reader.book('BTC-PERP').bids.length).toBeGreaterThan(5);
      for (const name of names) expect(reader.book(name).valid).toBe(true);
    },
  );

  it('come seldom enough, and resume after a lost connection', async () => {
    const trader = await exchange.client(1);
    const reader = await exchange.client(2, { reconnectDelayMinMs: 10 });
    const resumed: boolean[] = [];
    const times: number[] = [];
    reader.on('resumed', (channel: string, complete: boolean) => {
      if (channel === 'book.BTC-PERP.10.100ms') resumed.push(complete);
    });
    reader.on('bookDelta', () => times.push(performance.now()));
    await reader.subscribe('book.BTC-PERP.10.100ms');
    const begin = performance.now();
    const random = new Xorshift(7);
    while (performance.now() - begin < 450 || times.length < 2) await trade(trader, random, 5);
    // The clock's full tenths of a second at most, however much happens.
    expect(times.length).toBeGreaterThan(1);
    expect(times.length).toBeLessThanOrEqual(2 + (performance.now() - begin) / 100);
    reader.drop();
    await until(() => resumed.length === 1, 'it is back');
    expect(resumed).toEqual([true]);
  });

  it('are refused when the name is wrong', async () => {
    const client = await exchange.client(1);
    for (const channel of ['book.BTC-PERP.11.100ms', 'book.BTC-PERP.10.20ms', 'book.NO.10.100ms']) {
      await expect(client.subscribe(channel)).rejects.toMatchObject({ code: 'channel_is_unknown' });
    }
  });
});

describe('the resting orders one by one', () => {
  it.each(['json', 'msgpack'] as const)('stand in the queues of the book, in %s', async (codec) => {
    const traders = [await exchange.client(1), await exchange.client(2)];
    const reader = await exchange.client(3, { codec, reconnectDelayMinMs: 10 });
    for (const trader of traders) await trader.subscribe('private');
    await trade(traders[0] as PlimsollClient, new Xorshift(8), 60);
    await reader.subscribe('orders.BTC-PERP');
    const random = new Xorshift(9);
    for (let round = 0; round < 3; round++) {
      for (const trader of traders) await trade(trader, random, 30);
      for (const trader of traders) await shuffle(trader, random);
      if (round === 1) reader.drop();
      const real = queuesOf(exchange.port.book(1) as FastBook);
      const shown = () => {
        const { bids, asks } = reader.orders(MARKET);
        return [bids, asks].map((side) => side.map(({ orderId, qty }) => `${orderId}:${qty}`));
      };
      await until(
        () => JSON.stringify(shown()) === JSON.stringify(real),
        'the queues are the same',
      );
      expect(reader.orders(MARKET).valid).toBe(true);
      expect(real.flat().length).toBeGreaterThan(20);
    }
  });
});

/** Amends some orders: less at the same price, more, or another price. */
async function shuffle(client: PlimsollClient, random: Xorshift): Promise<void> {
  // What others have done to its orders has come by then.
  await client.ping();
  for (const { orderId, price, qty } of [...client.account.orders.values()]) {
    if (random.chance(40)) continue;
    const lots = Math.round(Number(qty) * 1000);
    const other = random.chance(50)
      ? { qty: ((lots + random.between(-4, 4)) / 1000).toFixed(3) }
      : {};
    const cents = random.chance(30) ? random.between(-3, 3) / 10 : 0;
    const change = cents === 0 ? other : { ...other, price: (Number(price) + cents).toFixed(1) };
    if (Object.keys(change).length === 0 || change.qty === qty) continue;
    await client.amend({ market: MARKET, orderId, ...change });
  }
}

describe('the best bid and offer', () => {
  it('comes with every change, and says when a side is empty', async () => {
    const trader = await exchange.client(1);
    const reader = await exchange.client(2);
    const seen: ServerMessage[] = [];
    for (const type of ['bboSnapshot', 'bbo']) reader.on(type, (message) => seen.push(message));
    await reader.subscribe('bbo.BTC-PERP');
    await until(() => seen.length === 1, 'the snapshot came');
    expect(seen[0]).not.toHaveProperty('bidPrice');
    const buy = { market: MARKET, side: 'buy', price: '50000.0', qty: '0.010' } as const;
    const { orderId } = await trader.place(buy);
    await until(() => seen.length === 2, 'the bid came');
    expect(seen[1]).toMatchObject({ bidPrice: '50000.0', bidQty: '0.010' });
    expect(seen[1]).not.toHaveProperty('askPrice');
    // Behind the best: nothing to be told.
    await trader.place({ ...buy, price: '49999.0' });
    await trader.place({ ...buy, side: 'sell', price: '50001.0', qty: '0.020' });
    await until(() => seen.length === 3, 'the ask came');
    expect(seen[2]).toMatchObject({ askPrice: '50001.0', askQty: '0.020', bidPrice: '50000.0' });
    expect(seen[2]).toMatchObject({ previousSequence: seen[1]?.sequence });
    await trader.cancel({ market: MARKET, orderId: orderId as number });
    await until(() => seen.length === 4, 'the next bid came');
    expect(seen[3]).toMatchObject({ bidPrice: '49999.0' });
  });
});
