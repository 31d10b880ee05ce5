import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BinanceClient,
  BinanceExchange,
  type Json,
  type TestSocket,
} from './binance.fixture.js';

const LIMIT = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.010',
  price: '50000',
};

let exchange: BinanceExchange;
let one: BinanceClient;
let socket: TestSocket;
let lastId = 0;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  one = exchange.client(1);
  socket = await exchange.socket('/ws-fapi/v1');
});
afterEach(() => exchange.close());

function ask(method: string, params: Json = {}): Promise<Json> {
  return socket.ask({ id: ++lastId, method, params });
}

/** With key, time and signature, as each request may have them. */
function signed(params: Json = {}, client = one): Json {
  const all: Json = { apiKey: client.apiKey, timestamp: ++exchange.port.timeMs, ...params };
  const text = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join('&');
  return { ...all, signature: client.sign(text) };
}

describe('the WebSocket API', () => {
  it('places, shows, modifies and cancels with signed requests', async () => {
    const placed = await ask('order.place', signed(LIMIT));
    expect(placed).toMatchObject({ status: 200, result: { status: 'NEW', price: '50000.0' } });
    const { orderId } = placed.result as Json;
    const name = { symbol: 'BTCUSDT', orderId };
    const change = { ...name, side: 'BUY', quantity: '0.02', price: '49999' };
    expect(await ask('order.modify', signed(change))).toMatchObject({
      result: { orderId, origQty: '0.020' },
    });
    expect(await ask('order.status', signed(name))).toMatchObject({ result: { price: '49999.0' } });
    expect(await ask('order.cancel', signed(name))).toMatchObject({
      result: { status: 'CANCELED' },
    });
    expect(await ask('order.cancel', signed(name))).toMatchObject({
      status: 400,
      error: { code: -2011, msg: 'Unknown order sent.' },
    });
  });

  it('knows who has logged on, for as long as he is', async () => {
    expect(await ask('order.place', { ...LIMIT, timestamp: exchange.port.timeMs })).toMatchObject({
      status: 401,
      error: { code: -2014 },
    });
    expect(await ask('session.logon', signed())).toMatchObject({
      result: { apiKey: one.apiKey, authorizedSince: exchange.port.timeMs },
    });
    const placed = await ask('order.place', { ...LIMIT, timestamp: exchange.port.timeMs });
    expect(placed).toMatchObject({ status: 200 });
    expect(await ask('order.place', LIMIT)).toMatchObject({ error: { code: -1102 } });
    expect(await ask('v2/account.status', { timestamp: exchange.port.timeMs })).toMatchObject({
      result: { totalWalletBalance: '10000.00000000' },
    });
    // Somebody else's key is not his, and needs a signature of its own.
    const other = exchange.client(2).apiKey;
    const mixed = { timestamp: exchange.port.timeMs, apiKey: other };
    expect(await ask('v2/account.status', mixed)).toMatchObject({ error: { code: -1102 } });
    expect(await ask('session.logout')).toMatchObject({ result: { apiKey: null } });
    expect(await ask('account.balance', { timestamp: exchange.port.timeMs })).toMatchObject({
      error: { code: -2014 },
    });
  });

  it('shows accounts and markets as REST does', async () => {
    for (const method of ['account.status', 'v2/account.status', 'account.balance']) {
      expect(await ask(method, signed())).toMatchObject({ status: 200 });
    }
    for (const method of ['account.position', 'v2/account.position', 'v2/account.balance']) {
      expect(await ask(method, signed())).toMatchObject({ result: expect.any(Array) });
    }
    for (const method of ['depth', 'ticker.price', 'ticker.book']) {
      expect(await ask(method, { symbol: 'BTCUSDT' })).toMatchObject({ status: 200 });
    }
    expect(await ask('time')).toMatchObject({ result: { serverTime: exchange.port.timeMs } });
    expect(await ask('userDataStream.start', { apiKey: one.apiKey })).toMatchObject({
      result: { listenKey: expect.any(String) },
    });
  });

  it('refuses replays, wrong signatures and what is no request', async () => {
    const order = signed(LIMIT);
    expect(await ask('order.place', order)).toMatchObject({ status: 200 });
    expect(await ask('order.place', order)).toMatchObject({ error: { code: -2010 } });
    const wrong = { ...signed(LIMIT), price: '49999' };
    expect(await ask('order.place', wrong)).toMatchObject({ error: { code: -1022 } });
    const foreign = { ...signed(LIMIT), apiKey: exchange.client(2).apiKey };
    expect(await ask('order.place', foreign)).toMatchObject({ error: { code: -1022 } });
    expect(await ask('order.jump')).toMatchObject({ error: { code: -1000 } });
    expect(await ask('constructor')).toMatchObject({ error: { code: -1000 } });
    for (const message of ['{', '[]', 'null', '{"id":{}}', '{"method":"ping","params":[]}']) {
      const before = socket.messages.length;
      socket.send(message);
      await expect.poll(() => socket.messages.length).toBe(before + 1);
      expect(socket.messages.at(-1)).toMatchObject({ error: { code: expect.any(Number) } });
    }
  });

  it('answers each of many orders and cancels with what it was, however many came behind it', async () => {
    const count = 1_200;
    const send = (method: string, of: (i: number) => Json) => {
      const ids = Array.from({ length: count }, (_, i) => {
        socket.send({ id: ++lastId, method, params: signed(of(i)) });
        return lastId;
      });
      return Promise.all(ids.map((id) => socket.answer(id)));
    };
    const other = exchange.client(2);
    const sell = { ...LIMIT, side: 'SELL', quantity: '1.200' };
    await ask('order.place', signed(sell, other));
    const ioc = { ...LIMIT, timeInForce: 'IOC', quantity: '0.001' };
    const taken = await send('order.place', (i) => ({ ...ioc, newClientOrderId: `f${i}` }));
    expect(taken.filter(({ status }) => status !== 200)).toEqual([]);
    const [{ positionAmt } = {}] = (await ask('v2/account.position', signed())).result as Json[];
    expect(positionAmt).toBe('1.200');
    const rested = await send('order.place', () => ({
      ...LIMIT,
      price: '49000',
      quantity: '0.001',
    }));
    const ids = rested.map(({ result }) => (result as Json).orderId);
    const gone = await send('order.cancel', (i) => ({ symbol: 'BTCUSDT', orderId: ids[i] }));
    expect(gone.filter(({ status }) => status !== 200)).toEqual([]);
    // This one is not remembered any more, but its events are.
    const past = await ask('order.status', signed({ symbol: 'BTCUSDT', orderId: ids[500] }));
    expect(past).toMatchObject({ result: { status: 'CANCELED', price: '49000.0' } });
    const never = await ask('order.status', signed({ symbol: 'BTCUSDT', orderId: 9_999_999 }));
    expect(never).toMatchObject({ error: { code: -2013 } });
  });

  it('takes no more without an account than the address may, and cuts who goes on', async () => {
    await exchange.close();
    exchange = new BinanceExchange();
    const rates = { requestsPerSecond: 1, requestsBurst: 20 };
    await exchange.start({ limits: rates });
    socket = await exchange.socket('/ws-fapi/v1');
    const messages = ['{', '{"id":1,"method":"session.status"}', '{"id":1,"method":"nothing"}'];
    messages.push('{"id":1,"method":"session.logon","params":{"apiKey":"x"}}');
    for (let i = 0; i < 40; i++) socket.send(messages[i % messages.length]);
    await expect.poll(() => socket.messages.length).toBe(40);
    const limited = socket.messages.filter(({ error }) => (error as Json)?.code === -1003);
    expect(limited.length).toBeGreaterThanOrEqual(19);
    for (let i = 0; i < 1_000; i++) socket.send(messages[1]);
    await expect.poll(() => socket.closed).toBe(true);
  });

  it('says that a value is nested too deeply', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    socket.send(`{"id":77,"method":"depth","params":{"symbol":${deep}}}`);
    expect(await socket.answer(77)).toMatchObject({ error: { code: -1100 } });
  });
});
