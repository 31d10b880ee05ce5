import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { BinanceClient, formOf } from '../gateway/binance/binance.fixture.js';
import { CLOSE } from '../gateway/protocol/close-codes.js';
import type { PlimsollClient } from '../sdk/client.js';
import { connect, newAccount } from './testing/accounts.js';
import {
  connectTo,
  crash,
  isReplaced,
  kept,
  MARKET,
  request,
  scratch,
  showConnections,
  start,
  tidyUp,
} from './testing/gateway-threads.fixture.js';

/** What gateway threads have in common: whatever a client is told must not depend on the thread that it comes to. */

afterEach(tidyUp);

describe('what a gateway thread shows of before it began', () => {
  const CHANNELS = ['book', 'bbo', 'trades', 'mark', 'liquidations'].map(
    (kind) => `${kind}.${MARKET}`,
  );

  /** The snapshots of all public channels, by channel. */
  async function snapshotsAt(client: PlimsollClient) {
    const found = new Map<string, object>();
    for (const channel of [...CHANNELS, 'marketState', `candles.${MARKET}.1m`]) {
      const snapshot = new Promise<object>((resolve) => client.once('message', resolve));
      await client.subscribe(channel);
      found.set(channel, await snapshot);
    }
    return found;
  }

  it('is what the others show: numbers, trades, candles, and the same at the Binance door', async () => {
    const exchange = await start(scratch(), 2, '--clock', 'manual');
    const [maker, taker] = [
      kept(await connectTo(exchange, 1, await newAccount(exchange))),
      kept(await connectTo(exchange, 1, await newAccount(exchange))),
    ];
    const order = { market: MARKET, price: '100000', qty: '0.01' } as const;
    const trade = async () => {
      await maker.place({ ...order, side: 'sell' });
      await taker.place({ ...order, side: 'buy', qty: '0.004' });
    };
    for (let i = 0; i < 5; i++) await trade();
    await exchange.admin('POST', 'clock', { advanceMs: 60_000 });
    for (let i = 0; i < 5; i++) await trade();
    const candles = async () => {
      const { body } = await request(exchange, 'GET', `/v1/candles?market=${MARKET}&interval=1m`);
      return (JSON.parse(body) as { data?: object[] }).data?.length;
    };
    await expect.poll(candles, { timeout: 30_000 }).toBe(2);
    await exchange.admin('POST', 'prices', { market: MARKET, index: '100000' });
    // Candles come from another thread, which has to have read the journal up to here.
    let lastTrade = 0;
    for (const type of ['candlesSnapshot', 'candles']) {
      maker.on(type, ({ sequence }) => {
        lastTrade = sequence;
      });
    }
    await maker.subscribe(`candles.${MARKET}.1m`);
    // Of five orders that take one finds the rest of an order and the next one.
    await expect.poll(() => lastTrade).toBe(12);
    await crash(exchange, 2);
    await isReplaced(exchange, 2, 1);
    const guests = [
      kept(await connectTo(exchange, 1, await newAccount(exchange))),
      kept(await connectTo(exchange, 2, await newAccount(exchange))),
    ];
    const [old, fresh] = [
      await snapshotsAt(guests[0] as never),
      await snapshotsAt(guests[1] as never),
    ];
    expect(fresh).toEqual(old);
    const trades = fresh.get(`trades.${MARKET}`) as { trades: object[]; sequence: number };
    expect(trades.trades.length).toBeGreaterThan(9);
    const kline = '/fapi/v1/klines?symbol=BTCUSDT&interval=1m';
    for (const route of [
      kline,
      '/fapi/v1/trades?symbol=BTCUSDT',
      '/fapi/v1/depth?symbol=BTCUSDT',
    ]) {
      const bodies = new Set<string>();
      for (let i = 0; i < 10; i++) {
        const { body } = await request(exchange, 'GET', route);
        // The time of the answer is its own.
        bodies.add(body.replace(/"E":\d+,/, ''));
      }
      expect([...bodies]).toHaveLength(1);
      expect([...bodies][0]?.length).toBeGreaterThan(60);
    }
    // And both go on from there with the same numbers.
    const next = guests.map((guest) => new Promise((resolve) => guest.once('trades', resolve)));
    await trade();
    const [one, two] = await Promise.all(next);
    expect(two).toEqual(one);
    expect(one).toMatchObject({ previousSequence: trades.sequence });
    // What has become of an order is answered by each.
    await maker.place({ ...order, side: 'sell', price: '100900', clientOrderId: '77' });
    await taker.place({ ...order, side: 'sell', price: '100900', clientOrderId: '78' });
    for (const thread of [1, 2]) {
      const found = await maker.orderStatus({ market: MARKET, clientOrderId: '77' });
      expect([thread, found.status]).toEqual([thread, 'open']);
    }
    for (const guest of guests) {
      const found = await guest.orderStatus({ market: MARKET, clientOrderId: '77' });
      expect(found.status).toBe('not_received');
    }
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
    // Neither thread has anything left but what has come since, and another account has all of its own.
    const more = await Promise.allSettled([one, two, one, two].map((client) => client.ping()));
    const all = granted + more.filter(({ status }) => status === 'fulfilled').length;
    const allSeconds = (performance.now() - fromMs) / 1_000;
    expect(all).toBeLessThanOrEqual(100 + Math.ceil(allSeconds));
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
    // Those of a thread that has died do not count.
    const [first] = await showConnections(exchange, 10);
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
    const place = async () => {
      const placed = await signed('POST', ORDER, { ...buy, quantity: '0.01', price: '99000' });
      expect(placed.status).toBe(200);
    };
    await place();
    for (const list of heard) await expect.poll(() => list).toContain('ORDER_TRADE_UPDATE');
    // Set again at any thread it is the same one: only the last time counts.
    const countdown = '/fapi/v1/countdownCancelAll';
    /** False: one of them may have come to its end before the next one was set, because the machine paused. */
    const setAll = async () => {
      let isInTime = true;
      let dueMs = Number.POSITIVE_INFINITY;
      for (const countdownTime of ['400', '300', '600000', '200', '0']) {
        const fromMs = performance.now();
        const set = await signed('POST', countdown, { symbol: 'BTCUSDT', countdownTime });
        expect(set.status).toBe(200);
        isInTime &&= performance.now() < dueMs;
        dueMs = fromMs + Number(countdownTime);
      }
      return isInTime;
    };
    const openOrders = async () => {
      const { body } = await signed('GET', '/fapi/v1/openOrders', { symbol: 'BTCUSDT' });
      return (JSON.parse(body) as object[]).length;
    };
    while (!(await setAll())) if ((await openOrders()) === 0) await place();
    await sleep(700);
    expect(await openOrders()).toBe(1);
    await signed('POST', countdown, { symbol: 'BTCUSDT', countdownTime: '300' });
    await expect.poll(openOrders).toBe(0);
    // Closed at one, it is closed at all.
    await request(exchange, 'DELETE', '/fapi/v1/listenKey', headers);
    for (const list of heard) await expect.poll(() => list).toContain('listenKeyExpired');
    for (let i = 0; i < 6; i++) {
      expect((await request(exchange, 'PUT', '/fapi/v1/listenKey', headers)).status).toBe(400);
    }
    for (const socket of streams) socket.close();
  });

  it('tells algo orders from others at every thread, also at one that began later', async () => {
    const exchange = await start(scratch(), 2);
    const { apiKey, apiSecret } = await newAccount(exchange);
    const origin = `127.0.0.1:${exchange.ready.port}`;
    const client = new BinanceClient({ origin, timeMs: () => Date.now(), apiKey, apiSecret });
    const signed = async (method: string, route: string, fields: Record<string, string>) => {
      const form = formOf({ ...fields, timestamp: Date.now() });
      const query = `${route}?${form}&signature=${client.sign(form)}`;
      const { body, status } = await request(exchange, method, query, { 'x-mbx-apikey': apiKey });
      expect([status, body]).toEqual([200, body]);
      return JSON.parse(body) as { clientAlgoId?: string }[];
    };
    const stop = { symbol: 'BTCUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '0.01' };
    for (const clientAlgoId of ['a', 'b', 'c', 'd']) {
      const fields = { ...stop, algoType: 'CONDITIONAL', triggerPrice: '90000', clientAlgoId };
      await signed('POST', '/fapi/v1/algoOrder', fields);
    }
    /** What several connections are told, each of them by some thread, which may hear of an order later than another. */
    const look = async () => {
      const told = new Set<string>();
      for (let i = 0; i < 8; i++) {
        expect(await signed('GET', '/fapi/v1/openOrders', { symbol: 'BTCUSDT' })).toEqual([]);
        const algos = await signed('GET', '/fapi/v1/openAlgoOrders', { symbol: 'BTCUSDT' });
        told.add(String(algos.map(({ clientAlgoId }) => clientAlgoId).sort()));
      }
      return [...told];
    };
    await expect.poll(look).toEqual(['a,b,c,d']);
    await crash(exchange, 1);
    await isReplaced(exchange, 1, 1);
    await expect.poll(look).toEqual(['a,b,c,d']);
  });
});
