import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import { type BinanceClient, BinanceExchange, type Json } from './binance.fixture.js';

const ORDER = '/fapi/v1/order';
const SYMBOL = 'BTCUSDT';
const LIMIT = { symbol: SYMBOL, type: 'LIMIT', timeInForce: 'GTC' };

let exchange: BinanceExchange;
let long: BinanceClient;
let short: BinanceClient;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  long = exchange.client(1);
  short = exchange.client(2);
});
afterEach(() => exchange.close());

/** Account 2 sells to account 1. */
async function trade(quantity: string, price: string): Promise<void> {
  await long.must('POST', ORDER, { ...LIMIT, side: 'BUY', quantity, price });
  await short.must('POST', ORDER, { ...LIMIT, side: 'SELL', quantity, price });
}

describe('account, balance and positions', () => {
  it('have the sums that the formulas of the exchange give', async () => {
    // 0.1 at 50,000: notional 5,000; fees 0.02 % and 0.05 %.
    await trade('0.1', '50000');
    const account = await long.must('GET', '/fapi/v3/account');
    expect(account).toMatchObject({
      totalWalletBalance: '9999.00000000',
      totalUnrealizedProfit: '0.00000000',
      totalMarginBalance: '9999.00000000',
      totalPositionInitialMargin: '100.00000000',
      totalOpenOrderInitialMargin: '0.00000000',
      totalMaintMargin: '50.00000000',
      availableBalance: '9899.00000000',
      // A tenth of the notional stays.
      maxWithdrawAmount: '9499.00000000',
      assets: [{ asset: 'USDT', walletBalance: '9999.00000000' }],
      positions: [{ symbol: SYMBOL, positionAmt: '0.100', notional: '5000.00000000' }],
    });
    const [position] = await short.must<Json[]>('GET', '/fapi/v3/positionRisk');
    expect(position).toMatchObject({
      symbol: SYMBOL,
      positionAmt: '-0.100',
      entryPrice: '50000.00000',
      markPrice: '50000.00000000',
      notional: '-5000.00000000',
      isolatedMargin: '0',
      initialMargin: '100.00000000',
    });
    // (9997.5 + 0.1 × 50000) ÷ (0.1 × 1.01), down to a tick.
    expect(position?.liquidationPrice).toBe('148490.00000000');
    const [balance] = await long.must<Json[]>('GET', '/fapi/v3/balance');
    expect(balance).toMatchObject({ asset: 'USDT', balance: '9999.00000000' });
  });

  it('count open orders, and in the older form show all markets', async () => {
    await long.must('POST', ORDER, { ...LIMIT, side: 'BUY', quantity: '0.1', price: '50000' });
    const account = await long.must('GET', '/fapi/v2/account');
    // 2 % of 5,000 and the taker's fee.
    expect(account).toMatchObject({
      totalInitialMargin: '102.50000000',
      totalOpenOrderInitialMargin: '102.50000000',
      availableBalance: '9897.50000000',
      canTrade: true,
    });
    const positions = account.positions as Json[];
    expect(positions.map(({ symbol }) => symbol)).toEqual([SYMBOL, 'ODDUSDT']);
    expect(positions[0]).toMatchObject({ leverage: '50', bidNotional: '5000.00000000' });
    const risks = await long.must<Json[]>('GET', '/fapi/v2/positionRisk');
    expect(risks.map(({ symbol }) => symbol)).toEqual([SYMBOL, 'ODDUSDT']);
    expect(await long.must<Json[]>('GET', '/fapi/v3/positionRisk')).toHaveLength(1);
    const one = await long.must<Json[]>('GET', '/fapi/v2/positionRisk', { symbol: 'ODDUSDT' });
    expect(one).toHaveLength(1);
  });

  it('are what the engine lets in: an order for all that is available, and not for more', async () => {
    // quantity × price × (2 % + 0.05 %) is what a buy at the mark needs.
    const { availableBalance } = await long.must('GET', '/fapi/v3/account');
    const lots = Math.floor((Number(availableBalance) / (50_000 * 0.0205)) * 1_000);
    const buy = { ...LIMIT, side: 'BUY', price: '50000' };
    const more = ((lots + 1) / 1_000).toFixed(3);
    expect(await long.code('POST', ORDER, { ...buy, quantity: more })).toBe(-2019);
    await long.must('POST', ORDER, { ...buy, quantity: (lots / 1_000).toFixed(3) });
    const left = await long.must('GET', '/fapi/v3/account');
    expect(Number(left.availableBalance)).toBeLessThan(2);
  });
});

describe('the place in the queue of deleveraging', () => {
  it('is last for who has won most with least, and nothing without a position', async () => {
    const third = exchange.client(3);
    // Both are long; the third entered lower and with more.
    await trade('0.1', '50000');
    const buy = { ...LIMIT, side: 'BUY', quantity: '4', price: '49000' };
    await third.must('POST', ORDER, buy);
    await short.must('POST', ORDER, { ...LIMIT, side: 'SELL', quantity: '4', price: '49000' });
    const quantileOf = async (client: BinanceClient) => {
      const path = '/fapi/v1/adlQuantile';
      const [found] = await client.must<Json[]>('GET', path, { symbol: SYMBOL });
      return (found as { adlQuantile: Json }).adlQuantile.BOTH;
    };
    expect(await quantileOf(third)).toBe(4);
    expect(await quantileOf(long)).toBe(0);
    const [risk] = await third.must<Json[]>('GET', '/fapi/v3/positionRisk');
    expect(risk?.adl).toBe(4);
    const odd = await third.must<Json[]>('GET', '/fapi/v1/adlQuantile', { symbol: 'ODDUSDT' });
    expect(odd).toEqual([{ symbol: 'ODDUSDT', adlQuantile: { BOTH: 0 } }]);
  });
});

describe('terms of an account', () => {
  it('has a leverage for each market', async () => {
    const path = '/fapi/v1/leverage';
    const answer = await long.must('POST', path, { symbol: SYMBOL, leverage: 10 });
    expect(answer).toMatchObject({ symbol: SYMBOL, leverage: 10 });
    const [config] = await long.must<Json[]>('GET', '/fapi/v1/symbolConfig', { symbol: SYMBOL });
    expect(config).toMatchObject({ leverage: 10, marginType: 'CROSSED' });
    await trade('0.1', '50000');
    const account = await long.must('GET', '/fapi/v3/account');
    expect(account.totalPositionInitialMargin).toBe('500.00000000');
    const tooMuch = { symbol: SYMBOL, leverage: 51 };
    const refused = await long.call('POST', path, tooMuch);
    expect(refused.body).toEqual({ code: -4028, msg: 'Leverage 51 is not valid.' });
    expect(await long.code('POST', path, { symbol: SYMBOL, leverage: 0 })).toBe(-1130);
    expect(await long.code('POST', path, { symbol: SYMBOL })).toBe(-1102);
  });

  it('may isolate a position, and move margin to it and back', async () => {
    const type = '/fapi/v1/marginType';
    const isolated = { symbol: SYMBOL, marginType: 'ISOLATED' };
    expect(await long.must('POST', type, isolated)).toEqual({ code: 200, msg: 'success' });
    expect(await long.code('POST', type, isolated)).toBe(-4046);
    await trade('0.1', '50000');
    expect(await long.code('POST', type, { symbol: SYMBOL, marginType: 'CROSSED' })).toBe(-4047);
    const [before] = await long.must<Json[]>('GET', '/fapi/v2/positionRisk', { symbol: SYMBOL });
    expect(before).toMatchObject({ marginType: 'isolated' });
    const move = '/fapi/v1/positionMargin';
    const added = await long.must('POST', move, { symbol: SYMBOL, amount: '500', type: 1 });
    expect(added).toMatchObject({ amount: 500, code: 200, type: 1 });
    const [after] = await long.must<Json[]>('GET', '/fapi/v2/positionRisk', { symbol: SYMBOL });
    const gained = Number(after?.isolatedWallet) - Number(before?.isolatedWallet);
    expect(gained).toBe(500);
    expect(Number(after?.liquidationPrice)).toBeLessThan(Number(before?.liquidationPrice));
    const back = { symbol: SYMBOL, amount: '5000', type: 2 };
    expect(await long.code('POST', move, back)).toBe(-4051);
    expect(await long.code('POST', move, { ...back, amount: '0' })).toBe(-4055);
    expect(await short.code('POST', move, { ...back, type: 1 })).toBe(-4049);
  });

  it('is one-way only, and says so', async () => {
    const dual = '/fapi/v1/positionSide/dual';
    expect(await long.must('GET', dual)).toEqual({ dualSidePosition: false });
    expect(await long.code('POST', dual, { dualSidePosition: 'true' })).toBe(-1020);
    expect(await long.code('POST', dual, { dualSidePosition: 'false' })).toBe(-4059);
    expect(await long.must('GET', '/fapi/v1/multiAssetsMargin')).toEqual({
      multiAssetsMargin: false,
    });
  });

  it('has brackets and fees', async () => {
    const [bracket] = await long.must<Json[]>('GET', '/fapi/v1/leverageBracket', {
      symbol: SYMBOL,
    });
    expect(bracket).toMatchObject({
      symbol: SYMBOL,
      brackets: [{ bracket: 1, initialLeverage: 50, notionalFloor: 0, maintMarginRatio: 0.01 }],
    });
    const fees = await long.must('GET', '/fapi/v1/commissionRate', { symbol: SYMBOL });
    expect(fees).toEqual({
      symbol: SYMBOL,
      makerCommissionRate: '0.000200',
      takerCommissionRate: '0.000500',
    });
  });
});

describe('what an account has earned and paid', () => {
  it('is told by kind, time and market', async () => {
    await long.must('GET', '/fapi/v3/account');
    exchange.port.command(33, 1, 0, { W_ACCOUNT: 1, F_QTY: 5_000_000 });
    exchange.port.flush();
    await trade('0.1', '50000');
    // Account 1 sells again, at a profit.
    await short.must('POST', ORDER, { ...LIMIT, side: 'BUY', quantity: '0.1', price: '50010' });
    await long.must('POST', ORDER, { ...LIMIT, side: 'SELL', quantity: '0.1', price: '50010' });
    const all = await long.must<Json[]>('GET', '/fapi/v1/income');
    expect(all.map(({ incomeType, income }) => [incomeType, income])).toEqual([
      ['TRANSFER', '10000.00000000'],
      ['TRANSFER', '5.00000000'],
      ['COMMISSION', '-1.00000000'],
      ['REALIZED_PNL', '1.00000000'],
      ['COMMISSION', '-2.50050000'],
    ]);
    const profits = { incomeType: 'REALIZED_PNL', symbol: SYMBOL };
    expect(await long.must<Json[]>('GET', '/fapi/v1/income', profits)).toHaveLength(1);
    const late = { startTime: exchange.port.timeMs + 1 };
    expect(await long.must<Json[]>('GET', '/fapi/v1/income', late)).toEqual([]);
    const turned = { startTime: 2, endTime: 1 };
    expect(await long.code('GET', '/fapi/v1/income', turned)).toBe(-1023);
    expect(await long.must<Json[]>('GET', '/fapi/v1/forceOrders')).toEqual([]);
  });
});

describe('what an account did before it used this door', () => {
  it('is known from its log, as if it had been followed', async () => {
    const third = exchange.client(3);
    const url = `ws://${exchange.origin}/v1`;
    const login = apiKeyLogin(third.apiKey, third.apiSecret);
    const native = await PlimsollClient.connect({ url, login });
    const buy = { market: 'BTC-PERP', side: 'buy', price: '50000', qty: '0.01' } as const;
    await native.place({ ...buy, clientOrderId: 'filled' });
    await short.must('POST', ORDER, { ...LIMIT, side: 'SELL', quantity: '0.014', price: '50000' });
    await native.place({ ...buy, clientOrderId: 'part' });
    await native.place({ ...buy, price: '49000', clientOrderId: 'gone' });
    await native.cancel({ market: 'BTC-PERP', clientOrderId: 'gone' });
    const all = await third.must<Json[]>('GET', '/fapi/v1/allOrders', { symbol: SYMBOL });
    expect(all).toMatchObject([
      { clientOrderId: 'filled', status: 'FILLED', avgPrice: '50000.00000' },
      { clientOrderId: 'part', status: 'PARTIALLY_FILLED', executedQty: '0.004' },
      { clientOrderId: 'gone', status: 'CANCELED' },
    ]);
    const open = await third.must<Json[]>('GET', '/fapi/v1/openOrders');
    expect(open).toMatchObject([{ clientOrderId: 'part', avgPrice: '50000.00000' }]);
    const trades = await third.must<Json[]>('GET', '/fapi/v1/userTrades', { symbol: SYMBOL });
    expect(trades.map(({ qty }) => qty)).toEqual(['0.010', '0.004']);
    await native.close();
  });
});

describe('a liquidation', () => {
  it('is shown as orders that the account has not placed, with what they cost', async () => {
    const { body } = await long.keyed('POST', '/fapi/v1/listenKey');
    const own = await exchange.socket(`/ws/${body.listenKey}`);
    const all = await exchange.socket('/stream?streams=btcusdt@forceOrder/!forceOrder@arr');
    await trade('5', '50000');
    const bid = { ...LIMIT, side: 'BUY', quantity: '2', price: '48300' };
    await exchange.client(3).must('POST', ORDER, bid);
    // Below 48,484.9 nothing of the 9,950 USD that the long has left covers its maintenance margin.
    exchange.port.timeMs += 1_000;
    const mark = { W_PRICE: 484_500, F_QTY: exchange.port.timeMs };
    exchange.port.command(38, 1, 1, mark);
    exchange.port.flush();
    exchange.port.trySend(candidatesMessage([1]), 0, 2);
    exchange.port.flush();
    exchange.port.command(39, 1, 0, {});
    exchange.port.flush();
    const [forced] = await long.must<Json[]>('GET', '/fapi/v1/forceOrders', { symbol: SYMBOL });
    expect(forced).toMatchObject({ side: 'SELL', avgPrice: '48300.00000' });
    expect(forced?.clientOrderId).toBe(`autoclose-${forced?.orderId}`);
    const isTrade = ({ o }: Json) => (o as Json | undefined)?.x === 'TRADE';
    const told = own.heard(
      (message) => isTrade(message) && String((message.o as Json).c).startsWith('autoclose-'),
      'the sale was told',
    );
    expect(await told).toMatchObject({ e: 'ORDER_TRADE_UPDATE', o: { S: 'SELL', L: '48300.0' } });
    for (const stream of ['btcusdt@forceOrder', '!forceOrder@arr']) {
      const heard = await all.heard((message) => message.stream === stream, `${stream} came`);
      expect(heard.data).toMatchObject({
        e: 'forceOrder',
        o: { s: SYMBOL, S: 'SELL', p: '48300.0' },
      });
    }
    const others = await short.must<Json[]>('GET', '/fapi/v1/forceOrders');
    expect(others).toEqual([]);
    expect(
      await long.code('POST', ORDER, { ...LIMIT, side: 'SELL', quantity: '1', price: '50000' }),
    ).toBe(-2023);
  });
});
