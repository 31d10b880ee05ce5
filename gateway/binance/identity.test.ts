import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAY_EVERYTHING, MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import { apiSecretOf, issueApiKey } from '../session/api-keys.js';
import { type BinanceClient, BinanceExchange, formOf, type Json } from './binance.fixture.js';
import { restRoutes, socketRoutes } from './routes.js';

/** Everything that any private request needs, so that only the identity can be wrong. */
const EVERYTHING = {
  symbol: 'BTCUSDT',
  side: 'SELL',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.010',
  price: '54000',
  leverage: 3,
  marginType: 'ISOLATED',
  countdownTime: 0,
  amount: '1',
  origClientOrderId: 'secret',
  orderIdList: '[1]',
  batchOrders: '[{"symbol":"BTCUSDT","orderId":1,"side":"BUY","quantity":"0.02","price":"48000"}]',
};
// Only names and security are looked at.
const ALL_ROUTES = restRoutes({
  ...{ market: {}, orders: {}, algos: {}, accounts: {}, session: {} },
} as never);
const SIGNED = (security: string) => security !== 'none' && security !== 'key';
const ROUTES = Object.entries(ALL_ROUTES).filter(([, { security }]) => SIGNED(security));
const KEYED = Object.entries(ALL_ROUTES).filter(([, { security }]) => security === 'key');
const METHODS = [...socketRoutes(ALL_ROUTES)].filter(([, { security }]) => security !== 'none');

let exchange: BinanceExchange;
let owner: BinanceClient;
let before: Json;

async function stateOf(client: BinanceClient): Promise<Json> {
  return {
    orders: await client.must('GET', '/fapi/v1/allOrders', { symbol: 'BTCUSDT' }),
    account: await client.must('GET', '/fapi/v2/account'),
  };
}

beforeAll(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  owner = exchange.client(1);
  await owner.must('POST', '/fapi/v1/order', {
    ...EVERYTHING,
    type: 'LIMIT',
    side: 'BUY',
    price: '49000',
    newClientOrderId: 'secret',
  });
  before = await stateOf(owner);
  const { keys } = exchange.gateway;
  const wish = {
    accountId: 1,
    label: '',
    permissions: MAY_EVERYTHING,
    addresses: [],
    expiresAtMs: 0,
    publicKey: '',
  };
  for (const [who, change] of [
    ['an agent’s key with the empty secret', { publicKey: 'agent' }],
    ['a key that has expired', { expiresAtMs: 1 }],
    ['a key for another address', { addresses: ['10.0.0.0/8'] }],
    ['a key that was revoked', {}],
  ] as const) {
    const { apiKey, apiSecret } = await keys.create({ ...wish, ...change }, 0);
    closedKeys.push([who, apiKey, apiSecret ?? '']);
  }
  await keys.revoke(closedKeys[3]?.[1] as string);
});
afterAll(() => exchange.close());

/** Keys of the owner that open nothing any more, or not here. */
const closedKeys: [string, string, string][] = [];

/** Names, keys and secrets of those who are not the owner. */
function identities(): [string, string | undefined, string][] {
  const key = owner.apiKey;
  const mine = exchange.client(2);
  const foreign = new Uint8Array(32).fill(1);
  const forged = issueApiKey(foreign, 1).apiKey;
  return [
    ['the key without the secret', key, 'guess'],
    ['the key with the secret of another account', key, mine.apiSecret],
    ["the key with another operator's secret", key, apiSecretOf(foreign, key)],
    ["another operator's key and secret", forged, apiSecretOf(foreign, forged)],
    ['no key', undefined, owner.apiSecret],
    ['an empty key', '', owner.apiSecret],
    ['a key of nobody', issueApiKey(exchange.operatorKey, 99).apiKey, owner.apiSecret],
    ['a key that is longer', `${key}A`, owner.apiSecret],
    ['the key in capitals', key.toUpperCase(), owner.apiSecret],
    ...closedKeys,
  ];
}

/** Parameters of the WebSocket API with key, time and signature; of an undefined key all but that. */
function signed(
  fields: Json,
  { apiKey, ...of }: { apiKey: string | undefined; apiSecret?: string; secret?: string },
): Json {
  const { timeMs } = exchange.port;
  const all: Json = { ...fields, timestamp: timeMs, ...(apiKey === undefined ? {} : { apiKey }) };
  const text = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join('&');
  const secret = of.apiSecret ?? of.secret ?? '';
  return { ...all, signature: createHmac('sha256', secret).update(text).digest('hex') };
}

describe('a key that may do less', () => {
  async function limited(permissions: number): Promise<BinanceClient> {
    const wish = { accountId: 2, label: '', addresses: [], expiresAtMs: 0, publicKey: '' };
    const made = await exchange.gateway.keys.create({ ...wish, permissions }, 0);
    return Object.assign(exchange.client(2), made);
  }

  it('reads, or trades, and is refused else', async () => {
    const order = {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      price: '49000',
      quantity: '0.01',
    };
    const reader = await limited(MAY_READ);
    await reader.must('GET', '/fapi/v3/account');
    expect(await reader.code('POST', '/fapi/v1/order', { ...order, timeInForce: 'GTC' })).toBe(
      -2015,
    );
    expect(await reader.code('DELETE', '/fapi/v1/allOpenOrders', { symbol: 'BTCUSDT' })).toBe(
      -2015,
    );
    expect((await reader.keyed('POST', '/fapi/v1/listenKey')).status).toBe(200);
    const trader = await limited(MAY_TRADE);
    await trader.must('POST', '/fapi/v1/order', { ...order, timeInForce: 'GTC' });
    await trader.must('DELETE', '/fapi/v1/allOpenOrders', { symbol: 'BTCUSDT' });
    expect(await trader.code('GET', '/fapi/v3/account')).toBe(-2015);
    expect((await trader.keyed('POST', '/fapi/v1/listenKey')).body.code).toBe(-2015);
  });

  it('opens nothing any more once it is revoked', async () => {
    const client = await limited(MAY_READ + MAY_TRADE);
    const { keys } = exchange.gateway;
    await client.must('GET', '/fapi/v3/account');
    await keys.revoke(client.apiKey);
    expect(await client.code('GET', '/fapi/v3/account')).toBe(-2015);
  });
});

describe('every private request', () => {
  it('is known to this test', () => {
    expect(ROUTES.length).toBeGreaterThan(30);
  });

  it.each(ROUTES)('%s is refused to every wrong identity', async (name) => {
    const [method = '', path = ''] = name.split(' ');
    for (const [who, apiKey, secret] of identities()) {
      const form = formOf({ ...EVERYTHING, timestamp: exchange.port.timeMs });
      const signature = createHmac('sha256', secret).update(form).digest('hex');
      const headers = apiKey === undefined ? {} : { 'X-MBX-APIKEY': apiKey };
      const query = `/fapi${path}?${form}&signature=${signature}`;
      const { body, status } = await owner.send(method, query, headers as Record<string, string>);
      expect([-2014, -2015, -1022], `${who}: ${JSON.stringify(body)}`).toContain(body.code);
      expect([400, 401]).toContain(status);
    }
  });

  it.each(KEYED)('%s is refused to every key that is not the owner’s', async (name) => {
    const [method = '', path = ''] = name.split(' ');
    // Here the key alone is asked for: what it is, and not who knows its secret, may be wrong.
    const wrong = identities().filter(([, apiKey]) => apiKey !== owner.apiKey);
    for (const [who, apiKey] of wrong) {
      const headers = apiKey === undefined ? {} : { 'X-MBX-APIKEY': apiKey };
      const { body, status } = await owner.send(
        method,
        `/fapi${path}`,
        headers as Record<string, string>,
      );
      expect([-2014, -2015], `${who}: ${JSON.stringify(body)}`).toContain(body.code);
      expect(status).toBe(401);
      expect(body).not.toHaveProperty('listenKey');
    }
  });

  it('of the WebSocket API is refused to every wrong identity, without a session and within a stranger’s', async () => {
    expect(METHODS.length).toBeGreaterThan(15);
    const nobody = await exchange.socket('/ws-fapi/v1');
    const within = await exchange.socket('/ws-fapi/v1');
    await within.ask({
      id: 'logon',
      method: 'session.logon',
      params: signed({}, exchange.client(2)),
    });
    let id = 0;
    for (const [method, { security }] of METHODS) {
      for (const [who, apiKey, secret] of identities()) {
        if (security === 'key' && apiKey === owner.apiKey) continue;
        for (const socket of [nobody, within]) {
          // Without a key of its own a request is its session's.
          if ((apiKey ?? '') === '' && socket === within) continue;
          const params = signed(EVERYTHING, { apiKey, secret });
          const { error, status } = await socket.ask({ id: ++id, method, params });
          const { code } = (error ?? {}) as { code?: number };
          expect([-2014, -2015, -1022], `${method}, ${who}: ${code}`).toContain(code);
          expect([400, 401]).toContain(status);
        }
      }
      // The owner's key without a signature is worth nothing in somebody else's session.
      if (security === 'key') continue;
      const params = { ...EVERYTHING, apiKey: owner.apiKey, timestamp: exchange.port.timeMs };
      expect(await within.ask({ id: ++id, method, params })).toMatchObject({
        error: { code: -1102 },
      });
    }
  });

  it('shows and changes nothing of another account to one that is known', async () => {
    const stranger = exchange.client(2);
    const name = { symbol: 'BTCUSDT', orderId: 1 };
    expect(await stranger.code('GET', '/fapi/v1/order', name)).toBe(-2013);
    expect(await stranger.code('GET', '/fapi/v1/openOrder', name)).toBe(-2013);
    expect(await stranger.code('DELETE', '/fapi/v1/order', name)).toBe(-2011);
    const change = { ...name, side: 'BUY', quantity: '0.02', price: '48000' };
    expect(await stranger.code('PUT', '/fapi/v1/order', change)).toBe(-2011);
    const client = { symbol: 'BTCUSDT', origClientOrderId: 'secret' };
    expect(await stranger.code('GET', '/fapi/v1/order', client)).toBe(-2013);
    expect(await stranger.code('DELETE', '/fapi/v1/order', client)).toBe(-2011);
    await stranger.must('DELETE', '/fapi/v1/allOpenOrders', { symbol: 'BTCUSDT' });
    for (const path of ['openOrders', 'allOrders?', 'userTrades', 'income', 'forceOrders']) {
      const found = await stranger.must('GET', `/fapi/v1/${path.replace('?', '')}`, {
        symbol: 'BTCUSDT',
      });
      expect(JSON.stringify(found)).not.toContain('secret');
    }
    expect(await stranger.must('GET', '/fapi/v3/positionRisk')).toEqual([]);
  });

  it('has left everything as it was', async () => {
    expect(await stateOf(owner)).toEqual(before);
  });
});
