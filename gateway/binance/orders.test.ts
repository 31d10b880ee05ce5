import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceClient, BinanceExchange, type Json } from './binance.fixture.js';

const ORDER = '/fapi/v1/order';
const BUY = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.010',
  price: '50000',
};

let exchange: BinanceExchange;
let maker: BinanceClient;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  maker = exchange.client(1);
});
afterEach(() => exchange.close());

describe('orders by REST', () => {
  it('places, shows, amends and cancels, with the values in the form of Binance', async () => {
    const placed = await maker.must('POST', ORDER, { ...BUY, newClientOrderId: 'mine' });
    expect(placed).toMatchObject({
      symbol: 'BTCUSDT',
      status: 'NEW',
      clientOrderId: 'mine',
      price: '50000.0',
      origQty: '0.010',
      type: 'LIMIT',
      side: 'BUY',
      timeInForce: 'GTC',
      positionSide: 'BOTH',
    });
    const { orderId } = placed;
    expect(await maker.must('GET', ORDER, { symbol: 'BTCUSDT', orderId })).toMatchObject({
      orderId,
      status: 'NEW',
      executedQty: '0.000',
    });
    const change = { symbol: 'BTCUSDT', side: 'BUY', quantity: '0.02', price: '49000.5' };
    expect(await maker.must('PUT', ORDER, { ...change, orderId })).toMatchObject({
      orderId,
      price: '49000.5',
      origQty: '0.020',
    });
    const open = await maker.must<Json[]>('GET', '/fapi/v1/openOrders', {});
    expect(open).toMatchObject([{ orderId, price: '49000.5' }]);
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'mine' };
    expect(await maker.must('DELETE', ORDER, name)).toMatchObject({ orderId, status: 'CANCELED' });
    expect(await maker.code('DELETE', ORDER, name)).toBe(-2011);
    expect(await maker.must('GET', ORDER, name)).toMatchObject({ status: 'CANCELED' });
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders', {})).toEqual([]);
  });
});
