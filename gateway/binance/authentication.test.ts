import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueApiKey } from '../session/api-keys.js';
import { keyOfSecret, signatureOf } from './authentication.js';
import { type BinanceClient, BinanceExchange, formOf, type Json } from './binance.fixture.js';

const ORDER = '/fapi/v1/order';
const ACCOUNT = '/fapi/v3/account';
const BUY = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.010',
  price: '50000',
};

let exchange: BinanceExchange;
let one: BinanceClient;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  one = exchange.client(1);
});
afterEach(() => exchange.close());

function signed(parameters: Json, change: (form: string, signature: string) => string): string {
  const form = formOf({ timestamp: exchange.port.timeMs, ...parameters });
  return change(form, one.sign(form));
}

async function openOrders(client: BinanceClient): Promise<Json[]> {
  return client.must<Json[]>('GET', '/fapi/v1/openOrders');
}

describe('a signature', () => {
  it('is the one that Binance publishes as an example', () => {
    const secret = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
    const payload =
      'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559';
    expect(signatureOf(keyOfSecret(secret), payload).toString('hex')).toBe(
      'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
    );
  });
});

describe('a signed request', () => {
  it.each<[string, () => string, Record<string, string>, number, number]>([
    ['has no key', () => signed({}, (f, s) => `${f}&signature=${s}`), {}, 401, -2014],
    [
      'has a key that is none',
      () => signed({}, (f, s) => `${f}&signature=${s}`),
      { 'X-MBX-APIKEY': 'x'.repeat(64) },
      401,
      -2014,
    ],
    [
      'has a key of an account that does not exist',
      () => signed({}, (f, s) => `${f}&signature=${s}`),
      { 'X-MBX-APIKEY': issueApiKey(new Uint8Array(32), 77).apiKey },
      401,
      -2015,
    ],
    ['has no signature', () => signed({}, (f) => f), OWN(), 400, -1102],
    ['has an empty one', () => signed({}, (f) => `${f}&signature=`), OWN(), 400, -1102],
    ['has no time', () => 'signature=00', OWN(), 400, -1022],
    [
      'has a wrong one',
      () => signed({}, (f) => `${f}&signature=${'0'.repeat(64)}`),
      OWN(),
      400,
      -1022,
    ],
    ['has one that is no hex', () => signed({}, (f) => `${f}&signature=zz`), OWN(), 400, -1022],
    [
      'was changed after it was signed',
      () => signed({ recvWindow: 100 }, (f, s) => `${f.replace('100', '900')}&signature=${s}`),
      OWN(),
      400,
      -1022,
    ],
    [
      'names a parameter twice',
      () => signed({ a: 1 }, (f, s) => `${f}&a=2&signature=${s}`),
      OWN(),
      400,
      -1101,
    ],
    [
      'is too old',
      () => signed({ timestamp: exchange.port.timeMs - 5_001 }, (f, s) => `${f}&signature=${s}`),
      OWN(),
      400,
      -1021,
    ],
    [
      'is too old for its own window',
      () => {
        const late = { timestamp: exchange.port.timeMs - 11, recvWindow: 10 };
        return signed(late, (f, s) => `${f}&signature=${s}`);
      },
      OWN(),
      400,
      -1021,
    ],
    [
      'is ahead of the exchange',
      () => signed({ timestamp: exchange.port.timeMs + 1_000 }, (f, s) => `${f}&signature=${s}`),
      OWN(),
      400,
      -1021,
    ],
    [
      'has a window that is too long',
      () => signed({ recvWindow: 60_001 }, (f, s) => `${f}&signature=${s}`),
      OWN(),
      400,
      -1131,
    ],
    [
      'has a time that is none',
      () => signed({ timestamp: 'now' }, (f, s) => `${f}&signature=${s}`),
      OWN(),
      400,
      -1100,
    ],
  ])('that %s is refused', async (_what, query, headers, status, code) => {
    const own = 'own' in headers ? { 'X-MBX-APIKEY': one.apiKey } : headers;
    const answer = await one.send('GET', `${ACCOUNT}?${query()}`, own);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('may have its signature anywhere, and in capital letters', async () => {
    const headers = { 'X-MBX-APIKEY': one.apiKey };
    const queries = [
      signed({}, (f, s) => `${f}&signature=${s}`),
      signed({}, (f, s) => `signature=${s}&${f}`),
      signed({}, (f, s) => `${f}&signature=${s.toUpperCase()}`),
    ];
    for (const query of queries) {
      expect((await one.send('GET', `${ACCOUNT}?${query}`, headers)).status).toBe(200);
    }
    // Query and body together are what is signed.
    const inQuery = formOf({ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' });
    const inBody = formOf({ quantity: '0.01', price: '50000', timestamp: exchange.port.timeMs });
    const signature = one.sign(inQuery + inBody);
    const path = `${ORDER}?${inQuery}`;
    const placed = await one.send('POST', path, headers, `${inBody}&signature=${signature}`);
    expect(placed.body).toMatchObject({ status: 'NEW', price: '50000.0' });
  });

  it('is checked again by the exchange when it gets there', async () => {
    const other = new BinanceExchange();
    const gatewayMs = other.port.timeMs;
    // In time for the gateway, whose clock is behind that of the exchange.
    await other.start({ exchangeTimeMs: () => gatewayMs });
    other.port.timeMs += 10_000;
    const client = other.client(1);
    const fields = { ...BUY, timestamp: gatewayMs };
    expect(await client.code('POST', ORDER, fields)).toBe(-5028);
    expect(await client.code('POST', ORDER, { ...fields, recvWindow: 20_000 })).toBeUndefined();
    await other.close();
  });
});

describe('a request that comes twice', () => {
  it('is taken once when it changes something, whatever it is', async () => {
    const form = formOf({ ...BUY, timestamp: exchange.port.timeMs });
    const path = `${ORDER}?${form}&signature=${one.sign(form)}`;
    const headers = { 'X-MBX-APIKEY': one.apiKey };
    expect((await one.send('POST', path, headers)).status).toBe(200);
    expect((await one.send('POST', path, headers)).body.code).toBe(-2010);
    expect(await openOrders(one)).toHaveLength(1);
  });

  it('is let in when it only cancels, so that a retry does no harm', async () => {
    const { orderId } = await one.must('POST', ORDER, BUY);
    const form = formOf({ symbol: 'BTCUSDT', orderId, timestamp: exchange.port.timeMs });
    const path = `${ORDER}?${form}&signature=${one.sign(form)}`;
    const headers = { 'X-MBX-APIKEY': one.apiKey };
    expect((await one.send('DELETE', path, headers)).body.status).toBe('CANCELED');
    expect((await one.send('DELETE', path, headers)).body.code).toBe(-2011);
  });

  it('is refused when it was signed before the gateway began', async () => {
    const early = { ...BUY, timestamp: exchange.port.timeMs - 1_000 };
    expect(await one.code('POST', ORDER, early)).toBe(-1021);
    // What changes nothing needs no such rule.
    expect((await one.call('GET', ACCOUNT, { timestamp: early.timestamp })).status).toBe(200);
  });
});

describe('a key alone', () => {
  it('opens a listen key when it was issued, and not when it was made up', async () => {
    const answer = await one.keyed('POST', '/fapi/v1/listenKey');
    expect(answer.body.listenKey).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect((await one.keyed('POST', '/fapi/v1/listenKey')).body).toEqual(answer.body);
    const bytes = Buffer.from(one.apiKey, 'base64url');
    for (const at of [5, 8, 9, 15]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const headers = { 'X-MBX-APIKEY': changed.toString('base64url') };
      const refused = await one.send('POST', '/fapi/v1/listenKey', headers);
      expect([refused.status, refused.body.code]).toEqual([401, -2015]);
    }
  });

  it('opens nothing else', async () => {
    for (const path of [ACCOUNT, '/fapi/v1/openOrders', '/fapi/v1/userTrades?symbol=BTCUSDT']) {
      expect((await one.keyed('GET', path)).body.code).toBe(-1102);
    }
  });
});

/** Stands for the header of the test's own key, which is made later. */
function OWN(): Record<string, string> {
  return { own: '' };
}
