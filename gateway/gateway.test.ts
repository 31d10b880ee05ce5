import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerMessage } from '../sdk/codec.js';
import { apiKeyLogin } from '../sdk/login.js';
import { issueApiKey } from './session/api-keys.js';
import { TestExchange, until } from './testing/exchange.js';

const BUY = { market: 'BTC-PERP', side: 'buy', price: '50000.0', qty: '0.010' } as const;
const SELL = { ...BUY, side: 'sell' } as const;

describe.each(['json', 'msgpack'] as const)('trading over %s', (codec) => {
  let exchange: TestExchange;
  beforeEach(async () => {
    exchange = new TestExchange();
    await exchange.start();
  });
  afterEach(() => exchange.close());

  it('acknowledges an order, amends it, cancels it', async () => {
    const client = await exchange.client(1, { codec });
    const placed = await client.place({ ...BUY, clientOrderId: 'first:1' });
    expect(placed).toMatchObject({
      result: 'accepted',
      market: 'BTC-PERP',
      orderId: 1,
      clientOrderId: 'first:1',
      side: 'buy',
      price: '50000.0',
      qty: '0.010',
      remaining: '0.010',
    });
    const amended = await client.amend({ market: 'BTC-PERP', orderId: 1, qty: '0.02' });
    expect(amended).toMatchObject({ result: 'amended', qty: '0.020', price: '50000.0' });
    const canceled = await client.cancel({ market: 'BTC-PERP', clientOrderId: 'first:1' });
    expect(canceled).toMatchObject({ result: 'canceled', orderId: 1, canceledQty: '0.020' });
    await expect(client.cancel({ market: 'BTC-PERP', orderId: 1 })).rejects.toMatchObject({
      code: 'order_is_not_open',
    });
  });

  it('says when a request came and how long it took, also of one that the exchange refuses', async () => {
    const client = await exchange.client(1, { codec });
    const refusals: ServerMessage[] = [];
    client.on('error', () => {});
    const from = Date.now() - 3;
    const placed = await client.place(BUY);
    const to = Date.now() + 3;
    const { receivedAtUs = 0, handledInUs = -1 } = placed;
    expect(receivedAtUs / 1_000).toBeGreaterThan(from);
    expect((receivedAtUs + handledInUs) / 1_000).toBeLessThan(to);
    expect(handledInUs).toBeGreaterThanOrEqual(0);
    const batch = await client.batch([
      { op: 'place', ...BUY },
      { op: 'cancelAll', market: BUY.market },
    ]);
    for (const answer of batch) {
      expect(answer).toMatchObject({ value: { receivedAtUs: expect.any(Number) } });
    }
    const refused = client.cancel({ market: 'BTC-PERP', orderId: 77 });
    await refused.catch(({ details }) => refusals.push(details));
    expect(refusals).toMatchObject([
      { sequence: expect.any(Number), time: expect.any(Number), receivedAtUs: expect.any(Number) },
    ]);
    // What the gateway refuses has not been at the exchange.
    const wrong = client.cancel({ market: 'BTC-PERP', orderId: -1 });
    await wrong.catch(({ details }) => refusals.push(details));
    expect(Object.keys(refusals[1] as object).sort()).toEqual(['code', 'id', 'message', 'type']);
  });

  it('tells both sides of a trade, and everyone else the print and the book', async () => {
    const maker = await exchange.client(1, { codec });
    const taker = await exchange.client(2, { codec });
    const reader = await exchange.connect({ codec });
    const fills: ServerMessage[] = [];
    const prints: unknown[] = [];
    for (const client of [maker, taker]) {
      client.on('fill', (fill) => fills.push(fill));
      await client.subscribe('private');
    }
    reader.on('trades', (message) => prints.push(...message.trades));
    await reader.subscribe('book.BTC-PERP');
    await reader.subscribe('trades.BTC-PERP');
    await maker.place(BUY);
    await taker.place({ ...SELL, qty: '0.004', timeInForce: 'ioc' });
    await until(() => fills.length === 2 && prints.length === 1, 'both fills and the print came');
    expect(fills.find((fill) => fill.maker)).toMatchObject({
      market: 'BTC-PERP',
      orderId: 1,
      side: 'buy',
      price: '50000.0',
      qty: '0.004',
      remaining: '0.006',
      position: '0.004',
      tradeId: 1,
    });
    expect(prints[0]).toMatchObject([1, '50000.0', '0.004', 'sell', exchange.port.timeMs]);
    await until(() => reader.book('BTC-PERP').bids[0]?.[1] === '0.006', 'the book shows the rest');
    expect(reader.book('BTC-PERP').valid).toBe(true);
    expect(maker.account.order('BTC-PERP', 1)).toMatchObject({ remaining: '0.006' });
    expect(taker.account.orders.size).toBe(0);
  });

  it('replaces, batches and cancels everything', async () => {
    const client = await exchange.client(1, { codec });
    await client.subscribe('private');
    const batch = await client.batch([
      { op: 'place', ...BUY, clientOrderId: 7 },
      { op: 'place', ...SELL, price: '50001' },
      { op: 'cancel', market: 'BTC-PERP', orderId: 99 },
    ]);
    expect(batch.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const replaced = await client.replace({
      ...BUY,
      price: '49999',
      clientOrderId: 'b',
      targetClientOrderId: 7,
    });
    expect(replaced).toMatchObject({ result: 'accepted', orderId: 3, price: '49999.0' });
    await until(() => client.account.order('BTC-PERP', 3) !== undefined, 'the feed shows it');
    expect([...client.account.orders.keys()]).toEqual(['BTC-PERP:2', 'BTC-PERP:3']);
    const all = await client.cancelAll();
    expect(all).toMatchObject({ result: 'massCanceled', count: 2 });
    await until(() => client.account.orders.size === 0, 'no order is open');
  });

  it('says which order a client id belongs to when it comes twice', async () => {
    const client = await exchange.client(1, { codec });
    await client.place({ ...BUY, clientOrderId: 42 });
    const again = await client.place({ ...BUY, clientOrderId: '42' });
    expect(again).toMatchObject({ result: 'duplicate', orderId: 1 });
    expect(exchange.port.book(1).openOrders).toBe(1);
  });

  it('answers busy when the shard takes no more', async () => {
    const client = await exchange.client(1, { codec });
    exchange.port.full = true;
    await expect(client.place(BUY)).rejects.toMatchObject({ code: 'busy' });
    await expect(client.batch([{ op: 'place', ...BUY }])).rejects.toMatchObject({ code: 'busy' });
    exchange.port.full = false;
    await client.place(BUY);
    expect(exchange.port.commands).toBe(1);
  });

  it('logs in with an API key', async () => {
    const key = issueApiKey(exchange.operatorKey, 3);
    const client = await exchange.connect({ codec, login: apiKeyLogin(key.apiKey, key.apiSecret) });
    expect(client.accountId).toBe(3);
    const wrong = apiKeyLogin(key.apiKey, `${key.apiSecret}x`);
    await expect(exchange.connect({ codec, login: wrong })).rejects.toMatchObject({
      code: 'signature_is_invalid',
    });
  });
});
