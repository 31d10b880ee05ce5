import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { FixpExchange } from './fixp/testing/fixp-exchange.js';
import { Accounts } from './session/accounts.js';
import { Allowances } from './session/allowances.js';
import { FamilyAllowances } from './session/family-allowances.js';
import { TestExchange, until } from './testing/exchange.js';

const BUY = { market: 'BTC-PERP', side: 'buy', price: '50000.0', qty: '0.010' } as const;
const RATES = { requestsPerSecond: 10, requestsBurst: 20, cancelsPerSecond: 5, cancelsBurst: 5 };

describe('a shared allowance', () => {
  it('is the same for who holds the bucket and for who asks for it each time', () => {
    const allowances = new Allowances<string>(RATES);
    expect(allowances.enter('a', 0).take(19, 0)).toBe(true);
    expect(allowances.of('a', 0).take(1, 0)).toBe(true);
    expect(allowances.of('a', 0).take(1, 0)).toBe(false);
    expect(allowances.users('a')).toBe(1);
    allowances.leave('a');
    allowances.sweep(0);
    expect(allowances.of('a', 0).take(1, 0)).toBe(false);
  });

  it('is remembered until it is full again', () => {
    const allowances = new Allowances<string>(RATES);
    expect(allowances.enter('a', 0).take(20, 0)).toBe(true);
    expect(allowances.enter('a', 0).take(1, 0)).toBe(false);
    expect(allowances.users('a')).toBe(2);
    allowances.leave('a');
    allowances.leave('a');
    allowances.sweep(1_000);
    const again = allowances.enter('a', 1_000);
    expect(again.take(11, 1_000)).toBe(false);
    expect(again.take(10, 1_000)).toBe(true);
    allowances.leave('a');
    allowances.sweep(60_000);
    expect(allowances.users('a')).toBe(0);
    expect(allowances.enter('a', 60_000).take(20, 60_000)).toBe(true);
  });
});

describe('the allowance of a family', () => {
  it('is one for the account and all its sub-accounts, and for nobody else', () => {
    const accounts = new Accounts();
    for (const head of [1, 2]) accounts.add(head);
    for (const sub of [3, 4]) accounts.add(sub, 0, 1);
    const allowances = new FamilyAllowances(new Allowances(RATES), accounts);
    expect(allowances.enter(3, 0).take(10, 0)).toBe(true);
    expect(allowances.of(1, 0).take(10, 0)).toBe(true);
    expect(allowances.of(4, 0).take(1, 0)).toBe(false);
    expect(allowances.of(2, 0).take(20, 0)).toBe(true);
    expect([1, 3, 2].map((account) => allowances.users(account))).toEqual([1, 1, 0]);
    allowances.leave(3);
    expect(allowances.users(1)).toBe(0);
    allowances.sweep(60_000);
    expect(allowances.size).toBe(0);
  });

  it('is what all doors draw from', async () => {
    const exchange = new FixpExchange(RATES);
    await exchange.start();
    const { accounts, allowances } = exchange.gateway.folds;
    accounts.add(9, 0, 1);
    const nowMs = performance.now();
    expect(allowances.of(9, nowMs).take(20, nowMs)).toBe(true);
    expect(allowances.of(1, nowMs).take(1, nowMs)).toBe(false);
    await exchange.close();
  });
});

describe('a full table', () => {
  it('forgets the oldest that nobody uses, whatever comes, and never one with connections', () => {
    const key = fc.integer({ min: 0, max: 60 });
    const step = fc.record({
      key,
      act: fc.constantFrom('enter', 'leave', 'ask'),
      waitMs: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const allowances = new Allowances<number>({ ...RATES, requestsPerSecond: 0.001 }, 20);
        const held = new Map<number, ReturnType<typeof allowances.of>>();
        const users = new Map<number, number>();
        let nowMs = 0;
        for (const { key, act, waitMs } of steps) {
          nowMs += waitMs;
          const count = users.get(key) ?? 0;
          if (act === 'ask') allowances.of(key, nowMs).take(1, nowMs);
          else if (act === 'leave') {
            if (count > 0) allowances.leave(key);
            users.set(key, Math.max(0, count - 1));
          } else {
            held.set(key, allowances.enter(key, nowMs));
            users.set(key, count + 1);
          }
          const connected = [...users].filter(([, one]) => one > 0);
          for (const [used, one] of connected) {
            expect(allowances.users(used)).toBe(one);
            expect(allowances.of(used, nowMs)).toBe(held.get(used));
          }
          expect(allowances.size).toBeLessThanOrEqual(Math.max(20, connected.length + 1));
        }
      }),
    );
  });

  it('keeps those of the newest, so that a flood of addresses frees none of them', () => {
    const allowances = new Allowances<number>(RATES, 20);
    for (let key = 0; key < 20; key++) allowances.of(key, 0).take(20, 0);
    allowances.of(20, 0);
    expect(allowances.of(19, 0).take(1, 0)).toBe(false);
    expect(allowances.of(0, 0).take(20, 0)).toBe(true);
  });
});

describe('limits', () => {
  let exchange: TestExchange;
  afterEach(() => exchange.close());

  // So slow that no pause of the machine gives any of it back.
  const few = {
    requestsPerSecond: 0.001,
    requestsBurst: 12,
    cancelsPerSecond: 0.001,
    cancelsBurst: 3,
  };

  it('count what a channel begins with by its length, and send nothing when there is too little left', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { ...few, requestsBurst: 400 } });
    const trader = await exchange.client(1);
    // 300 levels, which are some six kilobytes of text.
    for (let level = 0; level < 300; level += 50) {
      const prices = Array.from({ length: 50 }, (_, i) => (50_000 - (level + i) / 10).toFixed(1));
      await trader.batch(prices.map((price) => ({ op: 'place' as const, ...BUY, price })));
    }
    const reader = await exchange.client(2, { codec: 'json' });
    const channel = 'book.BTC-PERP';
    await reader.subscribe(channel);
    await until(() => reader.book('BTC-PERP').bids.length === 300, 'the book is there');
    let taken = 1;
    const again = async () => {
      for (; taken < 200; taken++) {
        await reader.unsubscribe(channel);
        await reader.subscribe(channel);
      }
    };
    // A subscription, its snapshot and its end are seven tokens or so, of 400.
    await expect(again()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(taken).toBeGreaterThan(40);
    expect(taken).toBeLessThan(70);
  });

  it('count the orders and the events that a private feed begins with', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { ...few, requestsBurst: 1_000 } });
    const client = await exchange.client(1);
    for (let i = 0; i < 10; i++) {
      await client.batch(Array.from({ length: 50 }, () => ({ op: 'place' as const, ...BUY })));
    }
    await client.subscribe('private');
    await until(() => client.account.orders.size === 500, 'all orders are there');
    let taken = 1;
    const again = async () => {
      for (; taken < 200; taken++) {
        await client.unsubscribe('private');
        await client.subscribe('private');
      }
    };
    await expect(again()).rejects.toMatchObject({ code: 'rate_limited' });
    // 500 are left after the orders; a snapshot of them, or a resume, is one of some fifty or ten.
    expect(taken).toBeGreaterThan(5);
    expect(taken).toBeLessThan(50);
  });

  it('of orders without trades let cancels through, and grow with what is traded', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { orderWindowFree: 4, orderUsdEach: 100 } });
    const client = await exchange.client(1);
    const again = await exchange.client(1, { codec: 'msgpack' });
    const other = await exchange.client(2);
    const { orderId } = await client.place(BUY);
    await again.amend({ market: 'BTC-PERP', orderId: orderId ?? 0, price: '50000.5' });
    await again.place({ ...BUY, price: '49000.0' });
    // All of a batch or none: two more would be one too many.
    const two = [1, 2].map(() => ({ op: 'place' as const, ...BUY, price: '49000.0' }));
    const exceeded = { code: 'order_to_trade_ratio_exceeded' };
    await expect(client.batch(two)).rejects.toMatchObject(exceeded);
    await client.place({ ...BUY, price: '48000.0' });
    await expect(again.place(BUY)).rejects.toThrow(/at most 4 \(4, .*100 USD.*would be 5/);
    const named = { market: 'BTC-PERP', orderId: orderId ?? 0 };
    await expect(client.amend({ ...named, qty: '0.005' })).rejects.toMatchObject(exceeded);
    // 0.01 BTC at 50,000.5: five orders more for who rests, and for who takes.
    await other.place({ ...BUY, side: 'sell', price: '50000.5' });
    for (let i = 0; i < 5; i++) await client.place({ ...BUY, price: '47000.0' });
    await expect(client.place(BUY)).rejects.toMatchObject(exceeded);
    expect((await client.cancelAll()).count).toBe(7);
  });

  it('are an account’s, over all its connections, and leave others alone', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: few });
    const first = await exchange.client(1);
    const second = await exchange.client(1);
    const other = await exchange.client(2);
    const { orderId } = await first.place(BUY);
    const limited = { code: 'rate_limited' };
    let sent = 0;
    const flood = async () => {
      for (; sent < 30; sent++) await (sent % 2 === 0 ? first : second).place(BUY);
    };
    await expect(flood()).rejects.toMatchObject(limited);
    expect(sent).toBeLessThan(14);
    // What is taken on one connection is missing on the other, and after a new one as well.
    await expect(second.place(BUY)).rejects.toMatchObject(limited);
    const third = await exchange.client(1);
    await expect(third.place(BUY)).rejects.toMatchObject(limited);
    expect(await other.place(BUY)).toMatchObject({ result: 'accepted' });
    // One can always get out.
    expect(await third.cancel({ market: BUY.market, orderId: orderId as number })).toMatchObject({
      result: 'canceled',
    });
  });

  it('hold for an address as well, whoever comes from there', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { ...few, requestsBurst: 40, accountsPerAddress: 1 } });
    const clients = [await exchange.client(1), await exchange.client(2)];
    let sent = 0;
    const flood = async () => {
      for (; sent < 60; sent++) await clients[sent % 2]?.place(BUY);
    };
    await expect(flood()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(sent).toBeLessThan(42);
  });

  it('are as many connections from an address as are allowed', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { connectionsPerAddressMax: 2 } });
    const open = () => new WebSocket(exchange.url, 'plimsoll.json');
    const sockets = [open(), open()];
    await until(() => sockets.every(({ readyState }) => readyState === WebSocket.OPEN), 'two came');
    const refused = open();
    const status = await new Promise((resolve) => {
      refused.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      refused.once('error', () => {});
    });
    expect(status).toBe(429);
    sockets[0]?.close();
    await until(() => sockets[0]?.readyState === WebSocket.CLOSED, 'one has gone');
    let next = open();
    next.on('error', () => {});
    await until(() => {
      if (next.readyState === WebSocket.CLOSED) {
        next = open();
        next.on('error', () => {});
      }
      return next.readyState === WebSocket.OPEN;
    }, 'there is room again');
    for (const socket of [...sockets, next]) socket.terminate();
  });
});
