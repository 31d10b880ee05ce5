import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { BinanceClient, formOf } from '../gateway/binance/binance.fixture.js';
import { CLOSE } from '../gateway/protocol/close-codes.js';
import type { PlimsollClient } from '../sdk/client.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import {
  connect,
  connectTo,
  crash,
  type Key,
  newAccount,
  request,
  stall,
  threadsOf,
} from './testing/gateway-threads.fixture.js';

const MARKET = 'BTC-PERP';
const SANDBOX = ['--oracle', 'manual', '--no-bots'];
const CLIENTS = 40;
const ORDERS_EACH = 60;
/** Threads write their figures more often. */
const FIGURES_MS = 200;
const running: ExchangeProcess[] = [];
const clients: PlimsollClient[] = [];
const folders: string[] = [];

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-threads-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, threads: number, ...args: string[]): Promise<ExchangeProcess> {
  const layout = args.includes('--layout') ? [] : ['--layout', 'compact'];
  const own = ['--data', data, ...layout, '--gateway-threads', String(threads)];
  const exchange = await ExchangeProcess.start([...own, ...SANDBOX, ...args]);
  running.push(exchange);
  await exchange.admin('POST', 'prices', { market: MARKET, index: '100000' });
  return exchange;
}

function kept(client: PlimsollClient): PlimsollClient {
  clients.push(client);
  return client;
}

async function isReplaced(exchange: ExchangeProcess, thread: number, restarts: number) {
  const isThere = async () => {
    const found = (await threadsOf(exchange)).find((state) => state.thread === thread);
    return found?.state === 'listening' && found.restarts >= restarts;
  };
  await expect.poll(isThere, { timeout: 20_000, interval: 20 }).toBe(true);
}

/** What a client knows of its account. */
function viewOf({ account }: PlimsollClient) {
  const { collateral, orders, positions } = account;
  return {
    collateral,
    orders: [...orders.values()]
      .map(({ orderId, price, remaining, side }) => ({ orderId, price, remaining, side }))
      .sort((a, b) => a.orderId - b.orderId),
    positions: [...positions.values()]
      .filter(({ position }) => Number(position) !== 0)
      .map(({ entryValue, market, position }) => ({ entryValue, market, position })),
  };
}

/** The accounts as somebody sees them who comes now. */
async function freshViews(exchange: ExchangeProcess, keys: readonly Key[]) {
  const views = [];
  for (const key of keys) {
    const client = await connect(exchange, key);
    await client.subscribe('private');
    await expect.poll(() => client.account.collateral).not.toBe('');
    views.push(viewOf(client));
    await client.close();
  }
  return views;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

/** A trader who places around the price, now and then cancels all, and writes down what he hears. */
class Trader {
  readonly client: PlimsollClient;
  readonly key: Key;
  /** Numbers of the account's events, as they came. */
  readonly sequences: number[] = [];
  readonly fills = new Set<number>();
  readonly resumed: boolean[] = [];
  cuts = 0;
  private seed: number;

  constructor(client: PlimsollClient, key: Key) {
    this.client = client;
    this.key = key;
    this.seed = key.accountId;
    client.on(
      'message',
      (message: { type: string; accountSequence?: number; tradeId?: number }) => {
        if (message.accountSequence === undefined || message.type.endsWith('Snapshot')) return;
        this.sequences.push(message.accountSequence);
        if (message.type === 'fill') this.fills.add(message.tradeId as number);
      },
    );
    client.on('resumed', (channel: string, isComplete: boolean) => {
      if (channel === 'private') this.resumed.push(isComplete);
    });
    client.on('disconnected', () => {
      this.cuts++;
    });
  }

  async trade(): Promise<void> {
    for (let i = 0; i < ORDERS_EACH; i++) {
      const side = this.random(2) === 0 ? 'buy' : 'sell';
      const price = String(99_980 + this.random(41));
      const qty = `0.00${1 + this.random(9)}`;
      const sent =
        this.random(12) === 0
          ? this.client.cancelAll({ market: MARKET })
          : this.client.place({ market: MARKET, side, price, qty });
      // Cut off or refused: what has become of it the feed tells.
      await sent.catch(() => sleep(5));
      await sleep(this.random(4));
    }
  }

  private random(below: number): number {
    this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) >>> 0;
    return (this.seed >>> 8) % below;
  }
}

describe('an exchange with two gateway threads', () => {
  it.each(['compact', 'spread'])(
    'trades in layout %s, and goes on when a thread is killed: nothing is lost, and all views agree',
    async (layout) => {
      const data = scratch();
      const exchange = await start(data, 2, '--layout', layout);
      const keys: Key[] = [];
      for (let i = 0; i < CLIENTS; i++) keys.push(await newAccount(exchange));
      const traders: Trader[] = [];
      for (const key of keys) {
        const client = kept(await connect(exchange, key, { reconnect: true }));
        const trader = new Trader(client, key);
        traders.push(trader);
        await client.subscribe('private');
        await client.subscribe(`book.${MARKET}`);
      }
      await sleep(FIGURES_MS);
      const before = await threadsOf(exchange);
      expect(before.map(({ connections }) => connections > 0)).toEqual([true, true]);
      expect(before.reduce((sum, { connections }) => sum + connections, 0)).toBe(CLIENTS);

      const trading = Promise.all(traders.map((trader) => trader.trade()));
      await sleep(150);
      const killedMs = performance.now();
      await crash(exchange, 1);
      await isReplaced(exchange, 1, 1);
      const replacedMs = performance.now() - killedMs;
      await trading;
      // Who was at the other thread has noticed nothing.
      const cut = traders.filter(({ cuts }) => cuts > 0);
      expect(cut).toHaveLength(before[0]?.connections as number);
      expect(cut.every(({ cuts }) => cuts === 1)).toBe(true);
      const ready = () => traders.map(({ client }) => client.ping().then(() => true));
      await expect.poll(() => Promise.all(ready()), { timeout: 20_000 }).not.toContain(false);
      for (const trader of cut) {
        await expect.poll(() => trader.resumed.length, { timeout: 20_000 }).toBeGreaterThan(0);
      }
      expect(cut.flatMap(({ resumed }) => resumed)).not.toContain(false);

      await exchange.admin('POST', 'prices', { market: MARKET, index: '100000' });
      const { trades } = await figures(exchange);
      expect(trades).toBeGreaterThan(50);
      // Each event once and none left out, and each trade told to both sides.
      for (const { sequences } of traders) {
        const first = sequences[0] as number;
        expect(sequences).toEqual(sequences.map((_, i) => first + i));
      }
      const seen = traders.reduce((sum, { fills }) => sum + fills.size, 0);
      const ownTrades = 2 * trades - seen;
      expect(ownTrades).toBe(0);
      const books = traders.map(({ client }) => {
        const { asks, bids } = client.book(MARKET);
        return { asks, bids, checksum: client.book(MARKET).checksum() };
      });
      const [book] = books;
      expect(book?.bids.length).toBeGreaterThan(0);
      for (const other of books) expect(other).toEqual(book);
      // As those see it who come now, wherever they land, and as the engine has it after a restart without threads.
      const views = traders.map(({ client }) => viewOf(client));
      expect(await freshViews(exchange, keys)).toEqual(views);
      const invariants = await exchange.admin<Record<string, unknown>>('GET', 'invariants');
      expect(invariants.moneyDifferenceMicroUsd).toBe('0');
      for (const client of clients.splice(0)) await client.close();
      expect(await exchange.stop()).toBe(0);
      const again = await start(data, 0, '--layout', layout);
      expect(await freshViews(again, keys)).toEqual(views);
      // No bound of time is asserted: other work on the machine decides it.
      process.stdout.write(
        `a killed gateway thread was replaced after ${Math.round(replacedMs)} ms\n`,
      );
    },
  );

  it('cancels the orders of those who want that when their thread dies', async () => {
    const exchange = await start(scratch(), 2);
    const [key, other] = [await newAccount(exchange), await newAccount(exchange)];
    const guarded = kept(await connectTo(exchange, 1, key, { cancelOnDisconnect: true }));
    const plain = kept(await connectTo(exchange, 1, other));
    const order = { market: MARKET, side: 'buy', price: '99000', qty: '0.01' } as const;
    await guarded.place(order);
    await plain.place(order);
    await crash(exchange, 1);
    await isReplaced(exchange, 1, 1);
    const openOf = async (account: Key) =>
      (await freshViews(exchange, [account]))[0]?.orders.length;
    await expect.poll(() => openOf(key)).toBe(0);
    expect(await openOf(other)).toBe(1);
  });

  it('backs off and warns when a thread dies again and again', async () => {
    const exchange = await start(scratch(), 2);
    for (let i = 1; i <= 3; i++) {
      await crash(exchange, 2);
      await isReplaced(exchange, 2, i);
    }
    const { status, body } = await request(exchange, 'GET', '/health');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      status: 'ok',
      reasons: [],
      warnings: ['gateway thread 2 has ended 3 times in a row'],
    });
    const metrics = await request(exchange, 'GET', '/metrics');
    expect(metrics.body).toContain('plimsoll_gateway_thread_restarts_total{thread="2"} 3');
    expect(metrics.body).toContain('plimsoll_gateway_thread_up{thread="1"} 1');
    expect(await exchange.stop()).toBe(0);
  });

  it('goes on without a thread that stands still, and replaces it when it wakes up', async () => {
    const data = scratch();
    const file = path.join(data, 'limits.toml');
    fs.writeFileSync(file, '[gateway]\nrequestsPerSecond = 100000\nrequestsBurst = 100000\n');
    const exchange = await start(data, 2, '--config', file);
    const key = await newAccount(exchange);
    const silent = kept(await connectTo(exchange, 1, key));
    const other = kept(await connectTo(exchange, 2, await newAccount(exchange)));
    const cut = new Promise((resolve) => silent.once('disconnected', resolve));
    await stall(exchange, 1, 8_000);
    const warnings = async () => {
      const { text } = await exchange.page(exchange.ready.adminPort, '/health');
      return (JSON.parse(text) as { warnings?: string[] }).warnings ?? [];
    };
    const warned = ['gateway thread 1 does not answer'];
    await expect.poll(warnings, { timeout: 20_000 }).toEqual(warned);
    // Nobody waits for it: neither the shard with more events than its ring holds, nor a revocation.
    const made = await other.createKey({ permissions: ['read'], label: 'short' });
    await other.revokeKey(made.apiKey);
    const order = { market: MARKET, side: 'buy', price: '99000', qty: '0.01' } as const;
    for (let i = 0; i < 500; i++) {
      const orders = Array.from({ length: 50 }, () => ({ op: 'place', ...order }) as const);
      const placed = await other.batch(orders);
      expect(placed.every(({ status }) => status === 'fulfilled')).toBe(true);
      await other.cancelAll({ market: MARKET });
    }
    expect(await cut).toBe(CLOSE.going_away);
    await isReplaced(exchange, 1, 1);
    expect(await warnings()).toEqual([]);
    expect(await freshViews(exchange, [key])).toMatchObject([{ orders: [] }]);
  });

  it('is refused where everything has one thread', async () => {
    const args = ['--data', scratch(), '--layout', 'inline', '--gateway-threads', '2', ...SANDBOX];
    await expect(ExchangeProcess.start(args)).rejects.toThrow(
      'layout inline has one thread for everything',
    );
  });

  it('is refused a port that something else listens on', async () => {
    const exchange = await start(scratch(), 2);
    const port = String(exchange.ready.port);
    await expect(start(scratch(), 2, '--port', port)).rejects.toThrow('cannot be listened on');
  });
});

describe('limits over two gateway threads', () => {
  it('are those of one: an account that comes through both has one allowance', async () => {
    const data = scratch();
    const file = path.join(data, 'limits.toml');
    fs.writeFileSync(file, '[gateway]\nrequestsPerSecond = 1\nrequestsBurst = 100\n');
    const exchange = await start(data, 2, '--config', file);
    const key = await newAccount(exchange);
    const one = kept(await connectTo(exchange, 1, key));
    const two = kept(await connectTo(exchange, 2, key));
    const fromMs = performance.now();
    const asked = [one, two].flatMap((client) => Array.from({ length: 120 }, () => client.ping()));
    const results = await Promise.allSettled(asked);
    const granted = results.filter(({ status }) => status === 'fulfilled').length;
    const seconds = (performance.now() - fromMs) / 1_000;
    // Some of it went on the way here: what is left is never more than one burst.
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThanOrEqual(100 + Math.ceil(seconds));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? result.reason : [],
    );
    for (const { code } of refused) expect(code).toBe('rate_limited');
    // Neither thread has anything left, and another account has all of its own.
    await expect(one.ping()).rejects.toThrow();
    await expect(two.ping()).rejects.toThrow();
    const stranger = kept(await connectTo(exchange, 1, await newAccount(exchange)));
    await stranger.ping();
  });

  it('hold for connections of all of them', async () => {
    const data = scratch();
    const file = path.join(data, 'limits.toml');
    fs.writeFileSync(file, '[gateway]\nconnectionsMax = 10\n');
    const exchange = await start(data, 2, '--config', file);
    const key = await newAccount(exchange);
    for (let i = 0; i < 10; i++) kept(await connect(exchange, key));
    for (let i = 0; i < 10; i++) await expect(connect(exchange, key)).rejects.toThrow('503');
    await sleep(FIGURES_MS);
    // Those of a thread that has died do not count.
    const [first] = await threadsOf(exchange);
    await crash(exchange, 1);
    await isReplaced(exchange, 1, 1);
    for (let i = 0; i < (first?.connections ?? 0); i++) kept(await connect(exchange, key));
    await expect(connect(exchange, key)).rejects.toThrow('503');
  });
});

describe('API keys over two gateway threads', () => {
  it('are known to all before whoever made one is answered, and to none once a revocation is', async () => {
    const exchange = await start(scratch(), 2);
    const account = await newAccount(exchange);
    const owners = [
      kept(await connectTo(exchange, 1, account)),
      kept(await connectTo(exchange, 2, account)),
    ];
    for (let round = 0; round < 12; round++) {
      const owner = owners[round % 2] as PlimsollClient;
      const made = await owner.createKey({ permissions: ['read', 'trade'], label: `r${round}` });
      const { apiKey } = made;
      const key = { apiKey, apiSecret: made.apiSecret as string };
      const guests = await Promise.all([0, 1, 2, 3].map(() => connect(exchange, key)));
      const codes = guests.map((guest) => {
        return new Promise((resolve) => guest.once('disconnected', resolve));
      });
      await owner.revokeKey(apiKey);
      const late = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(() => connect(exchange, key)));
      for (const result of late) {
        expect(result.status).toBe('rejected');
      }
      expect(new Set(await Promise.all(codes))).toEqual(new Set([CLOSE.key_is_void]));
    }
    for (const owner of owners) expect(await owner.keys()).toEqual([]);
  });

  it('are known to a thread that takes the place of another one', async () => {
    const data = scratch();
    const exchange = await start(data, 2);
    const account = await newAccount(exchange);
    const owner = kept(await connectTo(exchange, 1, account));
    const made = await owner.createKey({ permissions: ['trade'], label: 'stays' });
    const gone = await owner.createKey({ permissions: ['trade'], label: 'goes' });
    await owner.revokeKey(gone.apiKey);
    await crash(exchange, 2);
    await isReplaced(exchange, 2, 1);
    const key = { apiKey: made.apiKey, apiSecret: made.apiSecret as string };
    kept(await connectTo(exchange, 2, key));
    for (let i = 0; i < 8; i++) {
      const revoked = { apiKey: gone.apiKey, apiSecret: gone.apiSecret as string };
      await expect(connect(exchange, revoked)).rejects.toThrow();
    }
  });
});

describe('the Binance door of two gateway threads', () => {
  const ORDER = '/fapi/v1/order';

  it('takes a signed order once, by whichever thread it comes', async () => {
    const exchange = await start(scratch(), 2);
    const { apiKey, apiSecret } = await newAccount(exchange);
    const origin = `127.0.0.1:${exchange.ready.port}`;
    const client = new BinanceClient({ origin, timeMs: () => Date.now(), apiKey, apiSecret });
    for (let i = 0; i < 8; i++) {
      const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
      const form = formOf({ ...order, quantity: '0.01', price: '99000', timestamp: Date.now() });
      const query = `${ORDER}?${form}&signature=${client.sign(form)}`;
      const headers = { 'x-mbx-apikey': apiKey };
      const answers = [];
      for (let k = 0; k < 6; k++) answers.push(await request(exchange, 'POST', query, headers));
      expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 400, 400]);
    }
  });

  it('has one listen key for an account, which opens its stream at every thread, and one countdown', async () => {
    const exchange = await start(scratch(), 2);
    const key = await newAccount(exchange);
    const { apiKey, apiSecret } = key;
    const origin = `127.0.0.1:${exchange.ready.port}`;
    const client = new BinanceClient({ origin, timeMs: () => Date.now(), apiKey, apiSecret });
    const headers = { 'x-mbx-apikey': apiKey };
    const opened = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const { body } = await request(exchange, 'POST', '/fapi/v1/listenKey', headers);
      opened.add((JSON.parse(body) as { listenKey: string }).listenKey);
    }
    expect(opened.size).toBe(1);
    const [listenKey] = [...opened];
    const heard: string[][] = Array.from({ length: 8 }, () => []);
    const streams = heard.map((list) => {
      const socket = new WebSocket(`ws://${origin}/ws/${listenKey}`);
      socket.on('message', (data) =>
        list.push(String((JSON.parse(String(data)) as { e: string }).e)),
      );
      return socket;
    });
    await Promise.all(
      streams.map((socket) => new Promise((resolve) => socket.once('open', resolve))),
    );
    const signed = (method: string, route: string, fields: Record<string, string>) => {
      const form = formOf({ ...fields, timestamp: Date.now() });
      return request(exchange, method, `${route}?${form}&signature=${client.sign(form)}`, headers);
    };
    const buy = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
    const placed = await signed('POST', ORDER, { ...buy, quantity: '0.01', price: '99000' });
    expect(placed.status).toBe(200);
    for (const list of heard) await expect.poll(() => list).toContain('ORDER_TRADE_UPDATE');
    // Set again at any thread it is the same one: only the last time counts.
    const countdown = '/fapi/v1/countdownCancelAll';
    for (const countdownTime of ['400', '300', '600000', '200', '0']) {
      const set = await signed('POST', countdown, { symbol: 'BTCUSDT', countdownTime });
      expect(set.status).toBe(200);
    }
    await sleep(700);
    const openOrders = async () => {
      const { body } = await signed('GET', '/fapi/v1/openOrders', { symbol: 'BTCUSDT' });
      return (JSON.parse(body) as object[]).length;
    };
    expect(await openOrders()).toBe(1);
    await signed('POST', countdown, { symbol: 'BTCUSDT', countdownTime: '300' });
    await expect.poll(openOrders, { timeout: 10_000 }).toBe(0);
    // Closed at one, it is closed at all.
    await request(exchange, 'DELETE', '/fapi/v1/listenKey', headers);
    for (const list of heard) await expect.poll(() => list).toContain('listenKeyExpired');
    for (let i = 0; i < 6; i++) {
      expect((await request(exchange, 'PUT', '/fapi/v1/listenKey', headers)).status).toBe(400);
    }
    for (const socket of streams) socket.close();
  });
});

/** From /metrics. */
async function figures(exchange: ExchangeProcess): Promise<{ trades: number }> {
  const { body } = await request(exchange, 'GET', '/metrics');
  const counts = [...body.matchAll(/^plimsoll_trades_total\{shard="\d+"\} (\d+)$/gm)];
  return { trades: counts.reduce((sum, [, count]) => sum + Number(count), 0) };
}
