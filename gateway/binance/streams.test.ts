import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAY_READ } from '../identity/permissions.js';
import {
  type BinanceClient,
  BinanceExchange,
  type Json,
  type TestSocket,
} from './binance.fixture.js';

const ORDER = '/fapi/v1/order';
const LIMIT = { symbol: 'BTCUSDT', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.010' };

let exchange: BinanceExchange;
let one: BinanceClient;
let other: BinanceClient;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  one = exchange.client(1);
  other = exchange.client(2);
});
afterEach(() => exchange.close());

function place(client: BinanceClient, side: string, price: string, more: Json = {}): Promise<Json> {
  return client.must('POST', ORDER, { ...LIMIT, side, price, ...more });
}

async function listenKeyOf(client: BinanceClient): Promise<string> {
  const { body } = await client.keyed('POST', '/fapi/v1/listenKey');
  return body.listenKey as string;
}

const event = (name: string) => (message: Json) => message.e === name;

/** A client's book by the recipe that Binance publishes, to the letter. */
class RecipeBook {
  readonly sides = { b: new Map<string, string>(), a: new Map<string, string>() };
  private last = -1;
  /** 0: no event has been processed yet. */
  private previous = 0;

  constructor(snapshot: Json) {
    this.last = snapshot.lastUpdateId as number;
    for (const [price, qty] of snapshot.bids as string[][])
      this.sides.b.set(price ?? '', qty ?? '');
    for (const [price, qty] of snapshot.asks as string[][])
      this.sides.a.set(price ?? '', qty ?? '');
  }

  apply(message: Json): void {
    const [first, last, before] = [message.U, message.u, message.pu] as number[];
    if (last === undefined || first === undefined || last < this.last) return;
    if (this.previous === 0) {
      if (first > this.last || last < this.last) throw new Error('the first event does not fit');
    } else if (before !== this.previous) throw new Error('an event is missing');
    this.previous = last;
    for (const side of ['b', 'a'] as const) {
      for (const [price, qty] of message[side] as string[][]) {
        if (Number(qty) === 0) this.sides[side].delete(price ?? '');
        else this.sides[side].set(price ?? '', qty ?? '');
      }
    }
  }

  sorted(): { bids: string[][]; asks: string[][] } {
    const order = (side: Map<string, string>, sign: number) => {
      return [...side].sort(([a], [b]) => (Number(a) - Number(b)) * sign);
    };
    return { bids: order(this.sides.b, -1), asks: order(this.sides.a, 1) };
  }
}

describe('the book as a stream', () => {
  it.each(['', '@100ms', '@500ms'])('can be followed by the recipe (%s)', async (speed) => {
    const socket = await exchange.socket(`/ws/btcusdt@depth${speed}`);
    const placed: unknown[] = [];
    const act = async (i: number) => {
      const price = String(49_900 + ((i * 7) % 40));
      placed.push((await place(one, i % 3 === 0 ? 'SELL' : 'BUY', `${price}.5`)).orderId);
      if (i % 4 === 3)
        await one.call('DELETE', ORDER, { symbol: 'BTCUSDT', orderId: placed.shift() });
    };
    for (let i = 0; i < 15; i++) await act(i);
    const snapshot = () => one.open('GET', '/fapi/v1/depth', { symbol: 'BTCUSDT', limit: 1000 });
    const book = (await snapshot()).body;
    // Events that fit to each other, not one alone.
    for (let i = 15; i < 40 || socket.messages.length < 3; i++) await act(i);
    const followed = () => {
      const own = new RecipeBook(book);
      for (const message of socket.messages) own.apply(message);
      return own.sorted();
    };
    await expect
      .poll(async () => {
        const { asks, bids } = (await snapshot()).body;
        return JSON.stringify(followed()) === JSON.stringify({ bids, asks });
      })
      .toBe(true);
  });

  it('fits to a snapshot of a quiet moment, too', async () => {
    await place(one, 'BUY', '49000');
    const socket = await exchange.socket('/public/ws/btcusdt@depth@100ms');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { body } = await one.open('GET', '/fapi/v1/depth', { symbol: 'BTCUSDT' });
    const book = new RecipeBook(body);
    await place(one, 'BUY', '49001');
    const isNew = ({ b }: Json) => JSON.stringify(b).includes('49001');
    await socket.heard(isNew, 'the change came');
    for (const message of socket.messages) book.apply(message);
    expect(book.sorted().bids.map(([price]) => price)).toEqual(['49001.0', '49000.0']);
  });

  it('reaches everybody, by whichever name of the same speed', async () => {
    const streams = ['btcusdt@depth', 'btcusdt@depth@250ms'];
    const sockets = await Promise.all(streams.map((name) => exchange.socket(`/ws/${name}`)));
    await place(one, 'BUY', '49000');
    for (const socket of sockets) await socket.heard(event('depthUpdate'), 'the change came');
  });

  it('has its best levels whole, and the best prices at once', async () => {
    const socket = await exchange.socket('/stream?streams=btcusdt@depth5@100ms/btcusdt@bookTicker');
    for (let i = 0; i < 7; i++) await place(one, 'BUY', String(49_000 + i));
    const whole = ({ data, stream }: Json) => {
      const bids = (data as Json | undefined)?.b as unknown[];
      return (
        stream === 'btcusdt@depth5@100ms' &&
        bids.length === 5 &&
        (bids[0] as Json)[0 as never] === '49006.0'
      );
    };
    await socket.heard(whole, 'five levels came');
    const best = ({ data, stream }: Json) => {
      return stream === 'btcusdt@bookTicker' && (data as Json).b === '49006.0';
    };
    expect(await socket.heard(best, 'the best price came')).toMatchObject({
      data: { e: 'bookTicker', s: 'BTCUSDT', B: '0.010', A: '0.000' },
    });
  });
});

describe('market streams', () => {
  it('tell trades, candles, tickers and marks', async () => {
    const names = ['trade', 'aggTrade', 'kline_1m', 'ticker', 'miniTicker', 'markPrice@1s'];
    const streams = names.map((name) => `btcusdt@${name}`).join('/');
    const socket = await exchange.socket(`/market/stream?streams=${streams}`);
    await place(one, 'BUY', '50000');
    await place(other, 'SELL', '50000');
    const heard = (name: string) => {
      const is = ({ stream }: Json) => stream === `btcusdt@${name}`;
      return socket.heard(is, `${name} came`).then(({ data }) => data);
    };
    expect(await heard('trade')).toMatchObject({
      e: 'trade',
      t: 1,
      p: '50000.0',
      q: '0.010',
      m: true,
    });
    expect(await heard('aggTrade')).toMatchObject({ e: 'aggTrade', a: 1, f: 1, l: 1, m: true });
    expect(await heard('kline_1m')).toMatchObject({
      e: 'kline',
      k: { c: '50000.0', n: 1, x: false },
    });
    expect(await heard('ticker')).toMatchObject({ e: '24hrTicker' });
    expect(await heard('miniTicker')).toMatchObject({ e: '24hrMiniTicker' });
    expect(await heard('markPrice@1s')).toMatchObject({ p: '50000.00000000' });
  });

  it('can be had for all markets', async () => {
    const socket = await exchange.socket('/ws/!markPrice@arr@1s');
    await expect.poll(() => socket.messages.length).toBeGreaterThan(0);
    const [all] = socket.messages as unknown as Json[][];
    expect(all?.map(({ s }) => s)).toEqual(['BTCUSDT', 'ODDUSDT']);
  });

  it('are subscribed, listed and left by requests', async () => {
    const socket = await exchange.socket('/ws');
    const ask = (id: number, method: string, params?: unknown) =>
      socket.ask({ id, method, params });
    const names = ['btcusdt@trade', 'oddusdt@trade'];
    expect(await ask(1, 'SUBSCRIBE', names)).toEqual({ result: null, id: 1 });
    expect(await ask(2, 'LIST_SUBSCRIPTIONS')).toEqual({ result: names, id: 2 });
    expect(await ask(3, 'UNSUBSCRIBE', ['oddusdt@trade'])).toEqual({ result: null, id: 3 });
    expect(await ask(4, 'LIST_SUBSCRIPTIONS')).toEqual({ result: ['btcusdt@trade'], id: 4 });
    await place(one, 'BUY', '50000');
    await place(other, 'SELL', '50000');
    await socket.heard(event('trade'), 'a trade came');
    expect(await ask(5, 'SET_PROPERTY', ['combined', true])).toEqual({ result: null, id: 5 });
    await place(one, 'BUY', '50000');
    await place(other, 'SELL', '50000');
    await socket.heard(({ stream }) => stream === 'btcusdt@trade', 'a trade with its name came');
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no id', '{"method":"SUBSCRIBE","params":[]}'],
    ['no method', '{"id":1}'],
    ['an unknown method', '{"id":1,"method":"JUMP","params":[]}'],
    ['no list', '{"id":1,"method":"SUBSCRIBE","params":"btcusdt@trade"}'],
    ['no name', '{"id":1,"method":"SUBSCRIBE","params":[7]}'],
    ['an unknown stream', '{"id":1,"method":"SUBSCRIBE","params":["btcusdt@trade","x@trade"]}'],
    ['a stream in capitals', '{"id":1,"method":"SUBSCRIBE","params":["BTCUSDT@trade"]}'],
    ['an unknown interval', '{"id":1,"method":"SUBSCRIBE","params":["btcusdt@kline_7m"]}'],
  ])('refuse a request with %s, and nothing is subscribed', async (_what, message) => {
    const socket = await exchange.socket('/ws');
    socket.send(message);
    await expect
      .poll(() => socket.messages)
      .toMatchObject([{ error: { msg: expect.any(String) } }]);
    expect(await socket.ask({ id: 9, method: 'LIST_SUBSCRIPTIONS' })).toMatchObject({ result: [] });
  });
});

describe('the user-data stream', () => {
  async function follow(client: BinanceClient, path = '/ws/'): Promise<TestSocket> {
    return exchange.socket(path + (await listenKeyOf(client)));
  }

  it.each(['/ws/', '/ws?listenKey=', '/private/ws?listenKey=', '/private/ws/'])(
    'tells orders, fills and balance at %s',
    async (path) => {
      const socket = await follow(one, path);
      const { orderId } = await place(one, 'BUY', '50000', { newClientOrderId: 'mine' });
      await place(other, 'SELL', '50000', { quantity: '0.004' });
      await one.must('DELETE', ORDER, { symbol: 'BTCUSDT', orderId });
      await expect.poll(() => socket.messages.filter(event('ORDER_TRADE_UPDATE')).length).toBe(3);
      const updates = socket.messages.filter(event('ORDER_TRADE_UPDATE')).map(({ o }) => o as Json);
      expect(updates).toMatchObject([
        { x: 'NEW', X: 'NEW', i: orderId, c: 'mine', q: '0.010', p: '50000.0', z: '0.000' },
        { x: 'TRADE', X: 'PARTIALLY_FILLED', l: '0.004', L: '50000.0', z: '0.004', m: true, t: 1 },
        { x: 'CANCELED', X: 'CANCELED', z: '0.004', ap: '50000.00000' },
      ]);
      expect(updates[1]).toMatchObject({ N: 'USDT', n: '0.04000000', rp: '0.00000000' });
      const account = socket.messages.find(event('ACCOUNT_UPDATE'))?.a as Json;
      expect(account).toMatchObject({
        m: 'ORDER',
        B: [{ a: 'USDT', wb: '9999.96000000' }],
        P: [{ s: 'BTCUSDT', pa: '0.004', ep: '50000.00000', mt: 'cross' }],
      });
    },
  );

  it('tells deposits, leverage and margin type', async () => {
    const socket = await exchange.socket(`/private/stream?streams=${await listenKeyOf(one)}`);
    exchange.port.command(33, 1, 0, { W_ACCOUNT: 1, F_QTY: 5_000_000 });
    exchange.port.flush();
    await one.must('POST', '/fapi/v1/leverage', { symbol: 'BTCUSDT', leverage: 5 });
    await one.must('POST', '/fapi/v1/marginType', { symbol: 'BTCUSDT', marginType: 'ISOLATED' });
    await expect.poll(() => socket.messages.length).toBe(3);
    expect(socket.messages.map(({ data }) => data)).toMatchObject([
      {
        e: 'ACCOUNT_UPDATE',
        a: { m: 'DEPOSIT', B: [{ wb: '10005.00000000', bc: '5.00000000' }], P: [] },
      },
      { e: 'ACCOUNT_CONFIG_UPDATE', ac: { s: 'BTCUSDT', l: 5 } },
      { e: 'ACCOUNT_UPDATE', a: { m: 'MARGIN_TYPE_CHANGE', P: [{ mt: 'isolated' }] } },
    ]);
  });

  it('warns who is near his liquidation', async () => {
    const socket = await follow(one);
    await place(one, 'BUY', '50000', { quantity: '5' });
    await place(other, 'SELL', '50000', { quantity: '5' });
    exchange.port.timeMs += 1_000;
    exchange.port.command(38, 1, 1, { W_PRICE: 485_500, F_QTY: exchange.port.timeMs });
    exchange.port.flush();
    expect(await socket.heard(event('MARGIN_CALL'), 'the call came')).toMatchObject({
      p: [{ s: 'BTCUSDT', pa: '5.000', mt: 'CROSSED', mp: '48550.00000000' }],
    });
  });

  it('shows nobody else what it tells', async () => {
    const socket = await follow(other);
    await place(one, 'BUY', '50000');
    await place(other, 'BUY', '49000');
    await socket.heard(event('ORDER_TRADE_UPDATE'), 'an order came');
    expect(socket.messages).toHaveLength(1);
  });

  it('ends when the API key that has opened it is revoked, and that of another key goes on', async () => {
    const wish = { accountId: 1, label: '', addresses: [], expiresAtMs: 0, publicKey: '' };
    const { keys } = exchange.gateway;
    const made = await keys.create({ ...wish, permissions: MAY_READ }, 0);
    const watcher = Object.assign(exchange.client(1), made);
    const [own, watched] = [await follow(one), await follow(watcher)];
    const listenKey = await listenKeyOf(watcher);
    await keys.revoke(made.apiKey);
    await watched.heard(event('listenKeyExpired'), 'the end was told');
    await place(one, 'BUY', '50000');
    await own.heard(event('ORDER_TRADE_UPDATE'), 'the order came');
    expect(watched.messages.filter(event('ORDER_TRADE_UPDATE'))).toEqual([]);
    expect(own.messages.filter(event('listenKeyExpired'))).toEqual([]);
    const again = await exchange.socket(`/ws/${listenKey}`);
    expect(await again.ask({ id: 1, method: 'LIST_SUBSCRIPTIONS' })).toMatchObject({ result: [] });
  });

  it('ends with its key, and opens with no other', async () => {
    const socket = await follow(one);
    expect((await one.keyed('PUT', '/fapi/v1/listenKey')).status).toBe(200);
    expect((await one.keyed('DELETE', '/fapi/v1/listenKey')).body).toEqual({});
    await socket.heard(event('listenKeyExpired'), 'the end was told');
    expect((await one.keyed('PUT', '/fapi/v1/listenKey')).body.code).toBe(-1125);
    await place(one, 'BUY', '50000');
    expect(socket.messages).toHaveLength(1);
    const stranger = await exchange.socket(`/ws/${'x'.repeat(64)}`);
    expect(await stranger.ask({ id: 1, method: 'LIST_SUBSCRIPTIONS' })).toMatchObject({
      result: [],
    });
  });
});
