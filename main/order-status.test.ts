import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { schemaProblems } from '../gateway/rest/testing/schema-check.js';
import type { PlimsollClient } from '../sdk/client.js';
import type { NewOrder, OrderStatus } from '../sdk/requests.js';
import { RestClient } from '../sdk/rest-client.js';
import { type AccountKey, connect, newAccounts } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

const OPTIONS = ['--oracle', 'manual', '--no-bots', '--clock', 'manual', '--fsync', 'always'];
const PRICES = { 'BTC-PERP': '100000', 'ETH-PERP': '3500', 'SOL-PERP': '180' } as const;
/** In layout spread its host is no account's home but the third one's. */
const SOL = { market: 'SOL-PERP', side: 'buy', price: '179.990', qty: '10.0' } as const;
const ELEVEN_MINUTES_MS = 11 * 60 * 1000;
const running: ExchangeProcess[] = [];
const folders: string[] = [];

vi.setConfig({ testTimeout: 180_000 });
afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

async function start(data: string, layout: string): Promise<ExchangeProcess> {
  const exchange = await ExchangeProcess.start(['--data', data, '--layout', layout, ...OPTIONS]);
  running.push(exchange);
  return exchange;
}

async function open(layout: string) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-status-'));
  folders.push(data);
  const exchange = await start(data, layout);
  await setPrices(exchange);
  const keys = await newAccounts(exchange, 2, '100000');
  return { data, exchange, keys: keys as [AccountKey, AccountKey] };
}

async function setPrices(exchange: ExchangeProcess): Promise<void> {
  for (const [market, index] of Object.entries(PRICES)) {
    await exchange.admin('POST', 'prices', { market, index });
  }
}

function restOf(exchange: ExchangeProcess, key: AccountKey): RestClient {
  return new RestClient({ url: `http://127.0.0.1:${exchange.ready.port}`, ...key });
}

/** An order of each fate under a client id that says which. */
async function everyFate(exchange: ExchangeProcess, owner: PlimsollClient, other: PlimsollClient) {
  const sell = { ...SOL, side: 'sell' } as const;
  await owner.place({ ...SOL, clientOrderId: 'filled' });
  await other.place({ ...sell });
  await owner.place({ ...SOL, clientOrderId: 'partly' });
  await other.place({ ...sell, qty: '4.0' });
  await owner.place({ ...SOL, price: '179.900', clientOrderId: 'open' });
  await owner.place({ ...SOL, price: '179.900', clientOrderId: 'canceled' });
  await owner.cancel({ market: SOL.market, clientOrderId: 'canceled' });
  await owner.place({ ...SOL, price: '170.000', clientOrderId: 'unmet', timeInForce: 'ioc' });
  const trigger = { market: SOL.market, side: 'sell', qty: '1.0' } as const;
  const stop: NewOrder = { ...trigger, orderType: 'stop_market', triggerPrice: '150.000' };
  await owner.place({ ...stop, clientOrderId: 'waiting' });
  await owner.place({ ...stop, clientOrderId: 17, triggerPrice: '179.500' });
  // Its margin is asked for when it fires, and then there is none.
  const large = { ...stop, side: 'buy', qty: '90000.0', triggerPrice: '180.500' } as const;
  await owner.place({ ...large, clientOrderId: 'fires-in-vain' });
  const refused = owner.place({ ...SOL, qty: '90000.0', clientOrderId: 'refused' });
  await expect(refused).rejects.toThrow(/free collateral/);
  await exchange.admin('POST', 'prices', { market: SOL.market, index: '179.4' });
  await exchange.admin('POST', 'prices', { market: SOL.market, index: '180.6' });
}

const FATES: Readonly<Record<string, object>> = {
  filled: { status: 'filled', order: { filledQty: '10.0', averagePrice: '179.9900000' } },
  partly: { status: 'open', order: { filledQty: '4.0', remaining: '6.0' } },
  open: { status: 'open', order: { filledQty: '0.0', remaining: '10.0' } },
  canceled: { status: 'canceled', order: { reason: 'user', canceledQty: '10.0' } },
  unmet: { status: 'canceled', order: { reason: 'ioc_remainder' } },
  waiting: { status: 'waiting', order: { triggerPrice: '150.000' } },
  'fires-in-vain': { status: 'rejected', code: 'insufficient_margin' },
  refused: { status: 'rejected', code: 'insufficient_margin', order: null },
  never: {
    status: 'not_received',
    code: 'no_such_order_reached_the_exchange',
    order: null,
    since: 1,
  },
};

/** Shards in threads of their own take a step of the clock so slowly that it would be two minutes there. */
async function passElevenMinutes(exchange: ExchangeProcess, layout: string): Promise<void> {
  if (layout === 'spread') return;
  await exchange.admin('POST', 'clock', { advanceMs: ELEVEN_MINUTES_MS });
}

/** Both doors say of each order what has become of it; gives the answers. */
async function compareFates(exchange: ExchangeProcess, key: AccountKey, ask: PlimsollClient) {
  const document = await restOf(exchange, key).get<{ paths: Record<string, never> }>(
    '/v1/openapi.json',
  );
  const operation = (document.paths['/v1/orders/status'] as { get: never }).get as {
    responses: { 200: { content: { 'application/json': { schema: object } } } };
  };
  const { schema } = operation.responses[200].content['application/json'];
  const found: Record<string, OrderStatus> = {};
  for (const [clientOrderId, fate] of Object.entries(FATES)) {
    const status = await ask.orderStatus({ market: SOL.market, clientOrderId });
    expect(status, clientOrderId).toMatchObject({ ...fate, clientOrderId });
    expect(schemaProblems(document, schema, status)).toEqual([]);
    const query = { market: SOL.market, clientOrderId };
    const told = await restOf(exchange, key).get<OrderStatus>('/v1/orders/status', query);
    const place = { sequence: 0, since: 0, message: '' };
    expect({ ...told, ...place }).toEqual({ ...status, ...place });
    found[clientOrderId] = status;
    if (status.orderId === null) continue;
    const byId = await ask.orderStatus({ market: SOL.market, orderId: status.orderId });
    expect(byId).toMatchObject({ status: status.status, order: status.order });
  }
  return found;
}

describe.each(LAYOUTS)('the status of an order in layout %s', (layout) => {
  it('is told for every fate, at once, later when its events are history, and after a kill', async () => {
    const { data, exchange, keys } = await open(layout);
    const [owner, other] = await Promise.all(keys.map((key) => connect(exchange, key)));
    if (owner === undefined || other === undefined) throw new Error('two accounts are needed');
    await everyFate(exchange, owner, other);
    const atOnce = await compareFates(exchange, keys[0], owner);
    const fired = await owner.orderStatus({ market: SOL.market, clientOrderId: 17 });
    expect(fired.order).toMatchObject({ triggerOrderId: expect.any(Number) });
    const before = fired.order?.triggerOrderId as number;
    expect(await owner.orderStatus({ market: SOL.market, orderId: before })).toMatchObject({
      status: 'triggered',
      clientOrderId: '17',
    });
    // After the time in which a client id is remembered only the history can say what is the last under it.
    await passElevenMinutes(exchange, layout);
    const binary = await connect(exchange, keys[0], { codec: 'msgpack' });
    const later = await compareFates(exchange, keys[0], binary);
    for (const [name, status] of Object.entries(atOnce)) {
      expect(later[name]?.order, name).toEqual(status.order);
    }
    expect(atOnce.never?.message).toMatch(/from sequence 1 up to sequence \d+$/);
    await Promise.all([owner.close(), other.close(), binary.close()]);

    await exchange.kill();
    const second = await start(data, layout);
    const back = await connect(second, keys[0]);
    const after = await compareFates(second, keys[0], back);
    for (const [name, status] of Object.entries(atOnce)) {
      expect(after[name]?.order, name).toEqual(status.order);
    }
    await back.close();
  });

  it('is the last fact of an order whose connection was cut before its answer came', async () => {
    const { exchange, keys } = await open(layout);
    const back = await connect(exchange, keys[1]);
    for (let i = 1; i <= 30; i++) {
      const cut = await connect(exchange, keys[1]);
      const placed = cut.place({ ...SOL, price: '179.000', qty: '1.0', clientOrderId: i });
      placed.catch(() => {});
      // Sent or not, with or without an answer: by chance.
      if (i % 3 !== 0) await new Promise((resolve) => setImmediate(resolve));
      cut.drop();
      const { status, sequence } = await back.orderStatus({ market: SOL.market, clientOrderId: i });
      expect(['open', 'not_received']).toContain(status);
      // What was not there then may have come since; what was there stays.
      const again = await back.orderStatus({ market: SOL.market, clientOrderId: i });
      if (status === 'open') expect(again.status).toBe('open');
      expect(again.sequence).toBeGreaterThan(sequence);
    }
    await back.close();
  });

  it('is that of orders sent just before on the same connection, and nobody else’s', async () => {
    const { exchange, keys } = await open(layout);
    const [stranger, owner] = await Promise.all(keys.map((key) => connect(exchange, key)));
    if (owner === undefined || stranger === undefined) throw new Error('two accounts are needed');
    for (let i = 1; i <= 40; i++) {
      const isSound = i % 2 === 0;
      const name = `order-${i}`;
      const qty = isSound ? '1.0' : '90000.0';
      const placed = owner.place({ ...SOL, price: '179.000', qty, clientOrderId: name });
      const outcome = placed.catch((error: { code: string }) => error.code);
      const status = await owner.orderStatus({ market: SOL.market, clientOrderId: name });
      expect(status.status).toBe(isSound ? 'open' : 'rejected');
      await outcome;
      const { orderId } = status;
      const asked = orderId === null ? { clientOrderId: name } : { orderId };
      const foreign = await stranger.orderStatus({ market: SOL.market, ...asked });
      expect(foreign).toMatchObject({ status: 'not_received', order: null });
    }
    const wrong = async (fields: object) => {
      const refused = owner.request('orderStatus', fields);
      return refused.then(String, (error: { code: string }) => error.code);
    };
    expect(await wrong({ market: SOL.market })).toBe('order_must_be_named_once');
    expect(await wrong({ market: SOL.market, orderId: 1, clientOrderId: 'a' })).toBe(
      'order_must_be_named_once',
    );
    expect(await wrong({ market: 'NONE', orderId: 1 })).toBe('unknown_market');
    expect(await wrong({ market: SOL.market, clientOrderId: 'ä' })).toBe(
      'client_order_id_is_malformed',
    );
    await Promise.all([owner.close(), stranger.close()]);
  });

  it.skipIf(layout === 'spread')(
    'is the later one of an order and a refusal under the same client id',
    async () => {
      const { exchange, keys } = await open(layout);
      const owner = await connect(exchange, keys[0]);
      const name = { market: SOL.market, clientOrderId: 'again' };
      const order = { ...SOL, clientOrderId: 'again', timeInForce: 'ioc' } as const;
      await expect(owner.place({ ...order, qty: '90000.0' })).rejects.toThrow();
      expect(await owner.orderStatus(name)).toMatchObject({ status: 'rejected', order: null });
      await owner.place(order);
      expect(await owner.orderStatus(name)).toMatchObject({ status: 'canceled' });
      // The exchange keeps 1,024 closed orders' ids for longer than ten minutes: others have to take their place.
      for (let i = 0; i < 1_030; i += 50) {
        const others = Array.from({ length: 50 }, (_, k) => ({
          op: 'place' as const,
          ...order,
          clientOrderId: `other-${i + k}`,
        }));
        await owner.batch(others);
      }
      await exchange.admin('POST', 'clock', { advanceMs: ELEVEN_MINUTES_MS });
      for (let i = 0; i < 100; i += 50) {
        const others = Array.from({ length: 50 }, (_, k) => ({
          op: 'place' as const,
          ...order,
          clientOrderId: `more-${i + k}`,
        }));
        await owner.batch(others);
      }
      await expect(owner.place({ ...order, qty: '90000.0' })).rejects.toThrow(/free collateral/);
      expect(await owner.orderStatus(name)).toMatchObject({ status: 'rejected', order: null });
      await owner.close();
    },
  );
});
