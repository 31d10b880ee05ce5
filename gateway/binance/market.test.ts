import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceClient, BinanceExchange, type Json } from './binance.fixture.js';

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

async function get<T = Json>(path: string, parameters: Json = {}): Promise<T> {
  const { body, status } = await one.open('GET', `/fapi/v1/${path}`, parameters);
  expect([status, body.code]).toEqual([200, undefined]);
  return body as T;
}

describe('public requests', () => {
  it('tell the exchange, its time and its markets', async () => {
    expect(await get('ping')).toEqual({});
    expect(await get('time')).toEqual({ serverTime: exchange.port.timeMs });
    const info = await get('exchangeInfo');
    const [market, odd] = info.symbols as Json[];
    expect(market).toMatchObject({
      symbol: 'BTCUSDT',
      pair: 'BTCUSDT',
      contractType: 'PERPETUAL',
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      marginAsset: 'USDT',
      quantityPrecision: 3,
      maintMarginPercent: '1.0000',
      requiredMarginPercent: '2.0000',
    });
    const filters = market?.filters as Json[];
    expect(Object.fromEntries(filters.map((filter) => [filter.filterType, filter]))).toMatchObject({
      PRICE_FILTER: { tickSize: '0.1', minPrice: '0.1', maxPrice: '1000000.0' },
      LOT_SIZE: { stepSize: '0.001', minQty: '0.001' },
      MARKET_LOT_SIZE: { stepSize: '0.001' },
      MIN_NOTIONAL: { notional: '5' },
      MAX_NUM_ORDERS: { limit: 1_000_000 },
      PERCENT_PRICE: { multiplierUp: '1.1000', multiplierDown: '0.9000' },
    });
    expect(odd).toMatchObject({ symbol: 'ODDUSDT', baseAsset: 'ODD' });
  });

  it('show book, best prices and trades', async () => {
    for (const price of ['49990', '49980']) {
      await one.must('POST', ORDER, { ...LIMIT, side: 'BUY', price });
      await one.must('POST', ORDER, { ...LIMIT, side: 'SELL', price: `50${price.slice(2)}` });
    }
    const depth = () => get('depth', { symbol: 'BTCUSDT', limit: 5 });
    await expect.poll(depth).toMatchObject({
      bids: [
        ['49990.0', '0.010'],
        ['49980.0', '0.010'],
      ],
      asks: [
        ['50980.0', '0.010'],
        ['50990.0', '0.010'],
      ],
    });
    expect(await get('ticker/bookTicker', { symbol: 'BTCUSDT' })).toMatchObject({
      bidPrice: '49990.0',
      askPrice: '50980.0',
    });
    const sell = { ...LIMIT, side: 'SELL', quantity: '0.015', price: '49980' };
    await other.must('POST', ORDER, sell);
    const trades = await get<Json[]>('trades', { symbol: 'BTCUSDT' });
    expect(trades).toMatchObject([
      { id: 1, price: '49990.0', qty: '0.010', quoteQty: '499.90000000', isBuyerMaker: true },
      { id: 2, price: '49980.0', qty: '0.005', isBuyerMaker: true },
    ]);
    const aggregates = await get<Json[]>('aggTrades', { symbol: 'BTCUSDT', limit: 1 });
    expect(aggregates).toMatchObject([{ a: 2, f: 2, l: 2, p: '49980.0', q: '0.005', m: true }]);
    expect(await get('ticker/price', { symbol: 'BTCUSDT' })).toMatchObject({ price: '49980.0' });
    expect(await get('ticker/24hr', { symbol: 'BTCUSDT' })).toMatchObject({
      openPrice: '49990.0',
      lastPrice: '49980.0',
      priceChange: '-10.0',
      priceChangePercent: '-0.020',
      volume: '0.015',
      count: 2,
    });
    const candles = await get<unknown[][]>('klines', { symbol: 'BTCUSDT', interval: '1h' });
    expect(candles).toHaveLength(1);
    expect(candles[0]?.slice(1, 6)).toEqual(['49990.0', '49990.0', '49980.0', '49980.0', '0.015']);
  });

  it('put the trades of one order at one price together', async () => {
    for (let i = 0; i < 3; i++) {
      await one.must('POST', ORDER, { ...LIMIT, side: 'BUY', price: '50000' });
    }
    const sell = { ...LIMIT, side: 'SELL', quantity: '0.025', price: '50000' };
    await other.must('POST', ORDER, sell);
    const aggregates = await get<Json[]>('aggTrades', { symbol: 'BTCUSDT' });
    expect(aggregates).toMatchObject([{ a: 1, f: 1, l: 3, q: '0.025' }]);
  });

  it('show marks, funding and open interest', async () => {
    const index = await get('premiumIndex', { symbol: 'BTCUSDT' });
    expect(index).toMatchObject({ markPrice: '50000.00000000', indexPrice: '50000.00000000' });
    expect(await get<Json[]>('premiumIndex')).toHaveLength(2);
    expect(await get<Json[]>('fundingRate')).toEqual([]);
    expect(await get('openInterest', { symbol: 'BTCUSDT' })).toMatchObject({ symbol: 'BTCUSDT' });
  });

  it.each([
    ['depth', {}, -1102],
    ['depth', { symbol: 'XUSDT' }, -1121],
    ['depth', { symbol: 'BTCUSDT', limit: 7 }, -4021],
    ['depth', { symbol: 'BTCUSDT', limit: 'x' }, -1100],
    ['klines', { symbol: 'BTCUSDT' }, -1102],
    ['klines', { symbol: 'BTCUSDT', interval: '7m' }, -1120],
    ['trades', { symbol: 'BTCUSDT', limit: -1 }, -1130],
    ['aggTrades', { symbol: 'BTCUSDT', startTime: 2, endTime: 1 }, -1023],
    ['nothing', {}, -5000],
    ['fundingInfo', {}, -1020],
    ['account', {}, -5000],
  ])('%s with %o is refused with %i', async (path, parameters, code) => {
    const { body, status } = await one.open('GET', `/fapi/v1/${path}`, parameters as Json);
    expect(body.code).toBe(code);
    expect(status).toBe(code === -5000 ? 404 : 400);
  });

  it('tell in headers how much was asked for, and refuse what is too much', async () => {
    const first = await one.open('GET', '/fapi/v1/ping');
    expect(Number(first.headers.get('x-mbx-used-weight-1m'))).toBeGreaterThan(0);
    const strict = new BinanceExchange();
    await strict.start({ limits: { requestsPerSecond: 0.001, requestsBurst: 3, cancelsBurst: 5 } });
    const client = strict.client(1);
    const { orderId } = await client.must('POST', ORDER, { ...LIMIT, side: 'BUY', price: '50000' });
    const codes: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      codes.push((await client.open('GET', '/fapi/v1/ping')).body.code);
    }
    expect(codes.at(-1)).toBe(-1003);
    expect((await client.open('GET', '/fapi/v1/ping')).status).toBe(429);
    // Wrong signatures count for the address, and who is known does not suffer from it.
    const wrong = `/fapi/v3/account?timestamp=1&signature=${'0'.repeat(64)}`;
    const refused = await client.send('GET', wrong, { 'X-MBX-APIKEY': client.apiKey });
    expect([refused.status, refused.body.code]).toEqual([429, -1003]);
    expect((await client.call('GET', '/fapi/v3/account')).status).toBe(200);
    // One can always get out.
    const name = { symbol: 'BTCUSDT', orderId };
    expect(await client.must('DELETE', ORDER, name)).toMatchObject({ status: 'CANCELED' });
    await strict.close();
  });
});
