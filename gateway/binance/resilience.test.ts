import { afterEach, beforeEach, expect, it } from 'vitest';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import { type BinanceClient, BinanceExchange, type Json } from './binance.fixture.js';

const CUTS = process.env.PLIMSOLL_FULL === undefined ? 20 : 200;
const ORDERS = 6;
const MARKET = { symbol: 'BTCUSDT' };

let exchange: BinanceExchange;
let one: BinanceClient;
let other: BinanceClient;
/** Pseudo-random, the same in each run. */
let seed = 7;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start({ limits: { requestsPerSecond: 1e6, requestsBurst: 1e6 } });
  one = exchange.client(1);
  other = exchange.client(2);
});
afterEach(() => exchange.close());

function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (seed >>> 8) % below;
}

function orderOf(clientOrderId: string): Json {
  const side = random(2) === 0 ? 'BUY' : 'SELL';
  const price = (50_000 + random(20) - 10).toFixed(1);
  return {
    ...MARKET,
    side,
    type: 'LIMIT',
    timeInForce: random(4) === 0 ? 'IOC' : 'GTC',
    quantity: `0.00${1 + random(5)}`,
    price,
    newClientOrderId: clientOrderId,
    timestamp: exchange.port.timeMs,
  };
}

/** What has come since the last one that is known: the door remembers the newest 500 of each account. */
async function takeTrades(trades: Json[]): Promise<void> {
  const fromId = ((trades.at(-1)?.id as number | undefined) ?? 0) + 1;
  const page = { ...MARKET, fromId, limit: 1_000 };
  trades.push(...(await one.must<Json[]>('GET', '/fapi/v1/userTrades', page)));
}

/** Sends orders by the WebSocket API and pulls the cable at some moment; gives what was answered. */
async function round(number: number): Promise<Map<string, Json>> {
  const { body } = await one.keyed('POST', '/fapi/v1/listenKey');
  const socket = await exchange.socket('/ws-fapi/v1');
  const stream = await exchange.socket(`/ws/${body.listenKey}`);
  const text = `apiKey=${one.apiKey}&timestamp=${++exchange.port.timeMs}`;
  const params = { apiKey: one.apiKey, timestamp: exchange.port.timeMs, signature: one.sign(text) };
  await socket.ask({ id: 'logon', method: 'session.logon', params });
  for (let i = 0; i < ORDERS; i++) {
    const id = `cut-${number}-${i}`;
    socket.send({ id, method: 'order.place', params: orderOf(id) });
    if (random(3) === 0) await new Promise((resolve) => setTimeout(resolve, random(3)));
  }
  socket.cut();
  stream.cut();
  return new Map(socket.messages.map((message) => [String(message.id), message]));
}

it('loses nothing when connections are cut at any moment: each order can be found, and all views agree', async () => {
  const trades: Json[] = [];
  for (let number = 0; number < CUTS; number++) {
    await takeTrades(trades);
    const crossing = { ...orderOf(`other-${number}`), timeInForce: 'GTC' };
    await other.call('POST', '/fapi/v1/order', { ...crossing, timestamp: ++exchange.port.timeMs });
    const answered = await round(number);
    for (let i = 0; i < ORDERS; i++) {
      const origClientOrderId = `cut-${number}-${i}`;
      const found = await one.call('GET', '/fapi/v1/order', { ...MARKET, origClientOrderId });
      const answer = answered.get(origClientOrderId);
      // What was answered is there; what was not has either arrived or it has not, and nothing is unknown.
      if (answer?.status === 200) expect(found.body.clientOrderId).toBe(origClientOrderId);
      else expect([undefined, -2013]).toContain(found.body.code);
    }
  }
  const native = await PlimsollClient.connect({
    url: `ws://${exchange.origin}/v1`,
    login: apiKeyLogin(one.apiKey, one.apiSecret),
  });
  await native.subscribe('private');
  const open = await one.must<Json[]>('GET', '/fapi/v1/openOrders', MARKET);
  const shown = open.map(({ clientOrderId, executedQty, orderId, origQty }) => {
    const remaining = (Number(origQty) - Number(executedQty)).toFixed(3);
    return { orderId, clientOrderId, remaining };
  });
  const truth = [...native.account.orders.values()].map((order) => {
    const { clientOrderId, orderId, remaining } = order as unknown as Json;
    return { orderId, clientOrderId, remaining };
  });
  expect(truth.length).toBeGreaterThan(3);
  expect(shown).toEqual(truth);
  const account = await one.must('GET', '/fapi/v3/account');
  expect(account.totalWalletBalance).toBe(`${native.account.collateral}00`);
  await takeTrades(trades);
  const position = trades.reduce((sum, { qty, side }) => {
    return sum + (side === 'BUY' ? 1 : -1) * Number(qty);
  }, 0);
  const now = native.account.positions.get('BTC-PERP')?.position ?? '0';
  expect(position.toFixed(3)).toBe(Number(now).toFixed(3));
  expect(trades.length).toBeGreaterThan(3);
  await native.close();
});
