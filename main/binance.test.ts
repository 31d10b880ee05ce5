import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BinanceClient, formOf, type Json } from '../gateway/binance/binance.fixture.js';
import { type AccountKey, newAccount } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';
import { withoutFunding } from './testing/no-funding.js';

const ORDER = '/fapi/v1/order';
const LIMIT = { symbol: 'ETHUSDT', type: 'LIMIT', timeInForce: 'GTC' };
const running: ExchangeProcess[] = [];
const folders: string[] = [];

async function start(data: string, layout: string): Promise<ExchangeProcess> {
  const files = ['--data', data, ...withoutFunding(data)];
  const args = [...files, '--layout', layout, '--oracle', 'manual', '--no-bots'];
  const exchange = await ExchangeProcess.start(args);
  running.push(exchange);
  return exchange;
}

function clientOf(exchange: ExchangeProcess, key: AccountKey): BinanceClient {
  let last = 0;
  const timeMs = () => {
    last = Math.max(last + 1, Date.now());
    return last;
  };
  return new BinanceClient({ origin: `127.0.0.1:${exchange.ready.port}`, timeMs, ...key });
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe.each(LAYOUTS)('the Binance door in layout %s', (layout) => {
  it('trades, and knows orders and positions after a crash', async () => {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-binance-'));
    folders.push(data);
    const first = await start(data, layout);
    await first.admin('POST', 'prices', { market: 'ETH-PERP', index: '3000' });
    const keys = [await newAccount(first, '10000'), await newAccount(first, '10000')] as const;
    const [maker, taker] = keys.map((key) => clientOf(first, key)) as [
      BinanceClient,
      BinanceClient,
    ];
    const buy = { ...LIMIT, side: 'BUY', quantity: '2', price: '2999', newClientOrderId: 'rests' };
    const { orderId } = await maker.must('POST', ORDER, buy);
    const stop = { ...LIMIT, type: 'STOP_MARKET', side: 'SELL', stopPrice: '2500', quantity: '1' };
    const { timeInForce: _none, ...waiting } = stop;
    await maker.must('POST', ORDER, waiting);
    const sell = { symbol: 'ETHUSDT', side: 'SELL', type: 'MARKET', quantity: '0.5' };
    const sold = await taker.must('POST', ORDER, { ...sell, newOrderRespType: 'RESULT' });
    // The answer is final also where the market is not the account's home.
    expect(sold).toMatchObject({ status: 'FILLED', executedQty: '0.500', avgPrice: '2999.00000' });
    const open = (client: BinanceClient) => client.must<Json[]>('GET', '/fapi/v1/openOrders');
    // In layout spread the maker's home hears of the fill by itself.
    await expect
      .poll(() => open(maker))
      .toMatchObject([
        { orderId, status: 'PARTIALLY_FILLED', executedQty: '0.500' },
        { type: 'STOP_MARKET', stopPrice: '2500.00' },
      ]);
    const before = await open(maker);
    const market = { symbol: 'ETHUSDT' };
    const klines = (client: BinanceClient, interval: string) => {
      return client.must<Json[]>('GET', '/fapi/v1/klines', { ...market, interval });
    };
    await expect.poll(() => klines(maker, '1m')).toHaveLength(1);
    const [minute] = await klines(maker, '1m');
    const [month] = await klines(maker, '1M');
    const form = formOf({
      ...LIMIT,
      side: 'BUY',
      quantity: '1',
      price: '2998',
      timestamp: Date.now(),
    });
    const replay = `${ORDER}?${form}&signature=${maker.sign(form)}`;
    const headers = { 'X-MBX-APIKEY': maker.apiKey };
    expect((await maker.send('POST', replay, headers)).status).toBe(200);
    await first.kill();

    const second = await start(data, layout);
    await second.admin('POST', 'prices', { market: 'ETH-PERP', index: '3000' });
    const again = clientOf(second, keys[0]);
    // A request from before the crash is not taken once more.
    expect((await again.send('POST', replay, headers)).body.code).toBe(-1021);
    const after = await open(again);
    expect(after).toMatchObject([
      { orderId, clientOrderId: 'rests', status: 'PARTIALLY_FILLED', executedQty: '0.500' },
      { type: 'STOP_MARKET', stopPrice: '2500.00' },
      { price: '2998.00', status: 'NEW' },
    ]);
    // What has ended before the crash is known as well, with what it was filled at.
    const other = clientOf(second, keys[1]);
    const { orderId: soldId } = sold;
    expect(await other.must('GET', ORDER, { symbol: 'ETHUSDT', orderId: soldId })).toMatchObject({
      status: 'FILLED',
      avgPrice: '2999.00000',
    });
    expect(after[0]).toMatchObject({ avgPrice: '2999.00000', time: before[0]?.time });
    const trades = await other.must<Json[]>('GET', '/fapi/v1/userTrades', { symbol: 'ETHUSDT' });
    expect(trades).toMatchObject([{ orderId: soldId, qty: '0.500', price: '2999.00' }]);
    const income = await other.must<Json[]>('GET', '/fapi/v1/income');
    expect(income.map(({ incomeType }) => incomeType)).toEqual(['TRANSFER', 'COMMISSION']);
    // The market's past as well, as soon as the history has read the journal.
    const past = () => klines(again, '1m');
    await expect.poll(past).toEqual([minute]);
    expect(await klines(again, '1M')).toEqual([month]);
    const sinceOne = { ...market, fromId: 1 };
    const traded = await again.must<Json[]>('GET', '/fapi/v1/historicalTrades', sinceOne);
    expect(traded).toMatchObject([{ id: 1, price: '2999.00', qty: '0.500', isBuyerMaker: true }]);
    expect(await again.must('GET', '/fapi/v1/trades', market)).toEqual(traded);
    const [position] = await again.must<Json[]>('GET', '/fapi/v3/positionRisk');
    expect(position).toMatchObject({ symbol: 'ETHUSDT', positionAmt: '0.500' });
    expect(await again.code('POST', ORDER, buy)).toBe(-4116);
    const name = { symbol: 'ETHUSDT', origClientOrderId: 'rests' };
    expect(await again.must('DELETE', ORDER, name)).toMatchObject({ status: 'CANCELED', orderId });
    expect((await again.keyed('POST', '/fapi/v1/listenKey')).status).toBe(200);
  });
});
