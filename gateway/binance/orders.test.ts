import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { CMD_PLACE, CMD_SET_MARKET_STATE } from '../../engine/messages/types.js';
import { command } from '../../sim/traffic/wire.js';
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
const SELL = { ...BUY, side: 'SELL' };
const MARKET = { symbol: 'BTCUSDT', type: 'MARKET', quantity: '0.004' };

let exchange: BinanceExchange;
let maker: BinanceClient;
let taker: BinanceClient;

beforeEach(async () => {
  exchange = new BinanceExchange();
  await exchange.start();
  maker = exchange.client(1);
  taker = exchange.client(2);
});
afterEach(() => exchange.close());

describe('orders by REST', () => {
  it('are placed, shown, amended and canceled, with values in the form of Binance', async () => {
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
    expect(await maker.code('PUT', ORDER, { ...change, orderId })).toBe(-5027);
    expect(await maker.code('PUT', ORDER, { ...change, orderId, side: 'SELL' })).toBe(-1130);
    const open = await maker.must<Json[]>('GET', '/fapi/v1/openOrders', {});
    expect(open).toMatchObject([{ orderId, price: '49000.5' }]);
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'mine' };
    expect(await maker.must('GET', '/fapi/v1/openOrder', name)).toMatchObject({ orderId });
    expect(await maker.must('DELETE', ORDER, name)).toMatchObject({ orderId, status: 'CANCELED' });
    expect(await maker.code('DELETE', ORDER, name)).toBe(-2011);
    expect(await maker.code('GET', '/fapi/v1/openOrder', name)).toBe(-2013);
    expect(await maker.must('GET', ORDER, name)).toMatchObject({ status: 'CANCELED' });
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders', {})).toEqual([]);
  });

  it('show fills, their average, and what is left', async () => {
    const first = await maker.must('POST', ORDER, { ...BUY, price: '50000.1', quantity: '0.001' });
    await maker.must('POST', ORDER, BUY);
    const result = { newOrderRespType: 'RESULT', side: 'SELL' };
    const sold = await taker.must('POST', ORDER, { ...MARKET, ...result });
    expect(sold).toMatchObject({
      status: 'FILLED',
      executedQty: '0.004',
      avgPrice: '50000.02500',
      cumQuote: '200.00010000',
      price: '0',
      timeInForce: 'IOC',
      type: 'MARKET',
    });
    const { orderId } = first;
    expect(await maker.must('GET', ORDER, { symbol: 'BTCUSDT', orderId })).toMatchObject({
      status: 'FILLED',
    });
    const trades = await maker.must<Json[]>('GET', '/fapi/v1/userTrades', { symbol: 'BTCUSDT' });
    expect(trades).toMatchObject([
      {
        orderId,
        price: '50000.1',
        qty: '0.001',
        maker: true,
        buyer: true,
        commissionAsset: 'USDT',
      },
      { price: '50000.0', qty: '0.003', maker: true },
    ]);
    const half = await maker.must<Json[]>('GET', '/fapi/v1/openOrders', { symbol: 'BTCUSDT' });
    expect(half).toMatchObject([{ status: 'PARTIALLY_FILLED', executedQty: '0.003' }]);
    const all = await maker.must<Json[]>('GET', '/fapi/v1/allOrders', { symbol: 'BTCUSDT' });
    expect(all.map(({ status }) => status)).toEqual(['FILLED', 'PARTIALLY_FILLED']);
    const later = { symbol: 'BTCUSDT', orderId: (orderId as number) + 1, limit: 1 };
    expect(await maker.must<Json[]>('GET', '/fapi/v1/allOrders', later)).toHaveLength(1);
  });

  it('answer at once when only the order itself is asked for', async () => {
    await maker.must('POST', ORDER, BUY);
    const sold = await taker.must('POST', ORDER, { ...MARKET, side: 'SELL' });
    expect(sold).toMatchObject({ status: 'NEW', executedQty: '0' });
    const { orderId } = sold;
    expect(await taker.must('GET', ORDER, { symbol: 'BTCUSDT', orderId })).toMatchObject({
      status: 'FILLED',
    });
  });

  it('end as EXPIRED when they find nobody, fill-or-kill and immediate-or-cancel', async () => {
    await maker.must('POST', ORDER, { ...BUY, quantity: '0.001' });
    for (const [timeInForce, executedQty] of [
      ['FOK', '0.000'],
      ['IOC', '0.001'],
    ]) {
      const fields = { ...SELL, timeInForce, newOrderRespType: 'RESULT' };
      expect(await taker.must('POST', ORDER, fields)).toMatchObject({
        status: 'EXPIRED',
        executedQty,
      });
    }
  });

  it('know each time in force, post-only and the self-trade modes', async () => {
    const at = exchange.port.timeMs + 60_000;
    const goodTill = { ...BUY, timeInForce: 'GTD', goodTillDate: at };
    expect(await maker.must('POST', ORDER, goodTill)).toMatchObject({
      timeInForce: 'GTD',
      goodTillDate: at,
    });
    await maker.must('POST', ORDER, { ...BUY, timeInForce: 'GTX' });
    expect(await taker.code('POST', ORDER, { ...SELL, timeInForce: 'GTX' })).toBe(-5022);
    const own = { ...SELL, selfTradePreventionMode: 'EXPIRE_TAKER', newOrderRespType: 'RESULT' };
    expect(await maker.must('POST', ORDER, own)).toMatchObject({
      status: 'EXPIRED_IN_MATCH',
      selfTradePreventionMode: 'EXPIRE_TAKER',
    });
  });

  it('make one order of one client id, open or closed', async () => {
    const named = { ...BUY, newClientOrderId: 'once' };
    const { orderId } = await maker.must('POST', ORDER, named);
    expect(await maker.code('POST', ORDER, { ...named, price: '49000' })).toBe(-4116);
    await maker.must('DELETE', ORDER, { symbol: 'BTCUSDT', orderId });
    expect(await maker.code('POST', ORDER, { ...named, price: '48000' })).toBe(-4116);
    // Another account may use it, too.
    expect(await taker.code('POST', ORDER, named)).toBeUndefined();
  });

  it('have a name by which they can be found when their owner gave none', async () => {
    const { clientOrderId, orderId } = await maker.must('POST', ORDER, BUY);
    const name = { symbol: 'BTCUSDT', origClientOrderId: clientOrderId };
    expect(await maker.must('GET', ORDER, name)).toMatchObject({ orderId });
    expect(await maker.must('DELETE', ORDER, name)).toMatchObject({ orderId });
  });

  it('cannot be given a name that the exchange gives, and are found by it where another door has let it in', async () => {
    for (const newClientOrderId of ['auto-1', 'autoclose-7']) {
      expect(await maker.code('POST', ORDER, { ...BUY, newClientOrderId })).toBe(-1100);
    }
    const unnamed = await maker.must('POST', ORDER, BUY);
    const client = `auto-${unnamed.orderId}`;
    const wire = command(CMD_PLACE, { marketId: 1, account: 1, price: 490_000, qty: 10, client });
    exchange.port.trySendAll(wire, 0, wire.length / SLOT_WORDS);
    exchange.port.flush();
    const all = await maker.must<Json[]>('GET', '/fapi/v1/openOrders');
    const named = all.find(({ orderId }) => orderId !== unnamed.orderId)?.orderId;
    const name = { symbol: 'BTCUSDT', origClientOrderId: client };
    expect(await maker.must('GET', ORDER, name)).toMatchObject({ orderId: named });
    expect(await maker.must('DELETE', ORDER, name)).toMatchObject({ orderId: named });
    const open = await maker.must<Json[]>('GET', '/fapi/v1/openOrders');
    expect(open).toMatchObject([{ orderId: unnamed.orderId }]);
  });

  it('pay for each item of a batch', async () => {
    await exchange.close();
    exchange = new BinanceExchange();
    await exchange.start({ limits: { requestsPerSecond: 1, requestsBurst: 12, cancelsBurst: 3 } });
    maker = exchange.client(1);
    const items = (count: number) => {
      const orders = Array.from({ length: count }, (_, i) => ({
        ...BUY,
        price: String(49_000 + i),
      }));
      return { batchOrders: JSON.stringify(orders) };
    };
    expect(await maker.code('POST', '/fapi/v1/batchOrders', items(5))).toBeUndefined();
    expect(await maker.code('POST', '/fapi/v1/batchOrders', items(5))).toBeUndefined();
    expect(await maker.code('POST', '/fapi/v1/batchOrders', items(5))).toBe(-1015);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toHaveLength(10);
  });

  it('may come in batches, in which each has its own answer', async () => {
    const items = [
      { ...BUY, price: '49001' },
      { ...BUY, quantity: '0' },
      { ...BUY, price: 49002.5, quantity: 0.01 },
    ];
    const batch = { batchOrders: JSON.stringify(items) };
    const placed = await maker.must<Json[]>('POST', '/fapi/v1/batchOrders', batch);
    expect(placed).toMatchObject([{ price: '49001.0' }, { code: -4003 }, { price: '49002.5' }]);
    const ids = [placed[0]?.orderId, placed[2]?.orderId, 999];
    const changes = ids.map((orderId) => {
      return { symbol: 'BTCUSDT', orderId, side: 'BUY', quantity: '0.02', price: '48000' };
    });
    const amend = { batchOrders: JSON.stringify(changes) };
    expect(await maker.must<Json[]>('PUT', '/fapi/v1/batchOrders', amend)).toMatchObject([
      { origQty: '0.020' },
      { origQty: '0.020' },
      { code: -2011 },
    ]);
    const cancel = { symbol: 'BTCUSDT', orderIdList: JSON.stringify(ids) };
    expect(await maker.must<Json[]>('DELETE', '/fapi/v1/batchOrders', cancel)).toMatchObject([
      { status: 'CANCELED' },
      { status: 'CANCELED' },
      { code: -2011 },
    ]);
    for (const batchOrders of ['[]', '[1,2,3,4,5,6]', 'x', '{}']) {
      const code = await maker.code('POST', '/fapi/v1/batchOrders', { batchOrders });
      expect([-4082, -1102]).toContain(code);
    }
  });

  it('are all canceled in one market, and in no other', async () => {
    await maker.must('POST', ORDER, BUY);
    const odd = { ...BUY, symbol: 'ODDUSDT', price: '100.25', quantity: '0.5' };
    await maker.must('POST', ORDER, odd);
    const all = '/fapi/v1/allOpenOrders';
    expect(await maker.must('DELETE', all, { symbol: 'BTCUSDT' })).toMatchObject({ code: 200 });
    const open = await maker.must<Json[]>('GET', '/fapi/v1/openOrders');
    expect(open).toMatchObject([{ symbol: 'ODDUSDT' }]);
    expect(await maker.code('DELETE', all)).toBe(-1102);
  });

  it('are canceled when their owner does not say in time that he is there', async () => {
    const path = '/fapi/v1/countdownCancelAll';
    await maker.must('POST', ORDER, BUY);
    const set = (countdownTime: number) => {
      return maker.must('POST', path, { symbol: 'BTCUSDT', countdownTime });
    };
    expect(await set(60_000)).toEqual({ symbol: 'BTCUSDT', countdownTime: '60000' });
    expect(await set(0)).toEqual({ symbol: 'BTCUSDT', countdownTime: '0' });
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toHaveLength(1);
    await set(1);
    await expect.poll(() => maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toEqual([]);
  });

  it('are checked and not sent by a test', async () => {
    const path = '/fapi/v1/order/test';
    expect(await maker.must('POST', path, BUY)).toEqual({});
    expect(await maker.code('POST', path, { ...BUY, price: '50000.05' })).toBe(-4014);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toEqual([]);
  });
});

describe('orders that wait for a price', () => {
  const STOP = { symbol: 'BTCUSDT', side: 'SELL', workingType: 'MARK_PRICE' };

  function mark(priceTicks: number): void {
    exchange.port.timeMs += 1_000;
    const fields = { W_PRICE: priceTicks, F_QTY: exchange.port.timeMs };
    exchange.port.command(38, 1, 1, fields);
    exchange.port.flush();
  }

  it('are shown with what they wait for, and become orders of their own', async () => {
    const fields = { ...STOP, type: 'STOP', stopPrice: '49000', price: '48900', quantity: '0.01' };
    const named = { ...fields, timeInForce: 'GTC', newClientOrderId: 'stop' };
    const placed = await maker.must('POST', ORDER, named);
    expect(placed).toMatchObject({
      status: 'NEW',
      type: 'STOP',
      origType: 'STOP',
      stopPrice: '49000.0',
      price: '48900.0',
      workingType: 'MARK_PRICE',
    });
    const { orderId } = placed;
    mark(489_000);
    expect(await maker.must('GET', ORDER, { symbol: 'BTCUSDT', orderId })).toMatchObject({
      status: 'EXPIRED',
    });
    const name = { symbol: 'BTCUSDT', origClientOrderId: 'stop' };
    const fired = await maker.must('GET', ORDER, name);
    expect(fired).toMatchObject({ status: 'NEW', type: 'LIMIT', origType: 'STOP' });
    expect(fired.orderId).not.toBe(orderId);
  });

  it.each([
    [{ type: 'STOP_MARKET', stopPrice: '49000', quantity: '0.01' }, 'STOP_MARKET'],
    [{ type: 'TAKE_PROFIT_MARKET', stopPrice: '51000', quantity: '0.01' }, 'TAKE_PROFIT_MARKET'],
    [{ type: 'TAKE_PROFIT', stopPrice: '51000', price: '51000', quantity: '0.01' }, 'TAKE_PROFIT'],
    [{ type: 'TRAILING_STOP_MARKET', callbackRate: '1', quantity: '0.01' }, 'TRAILING_STOP_MARKET'],
  ])('may be of type %o', async (fields, type) => {
    const placed = await maker.must('POST', ORDER, { ...STOP, ...fields });
    expect(placed).toMatchObject({ status: 'NEW', type });
    const { orderId } = placed;
    const name = { symbol: 'BTCUSDT', orderId };
    if ('callbackRate' in fields) expect(placed.priceRate).toBe('100.0000'.replace('100', '1'));
    expect(await maker.must('DELETE', ORDER, name)).toMatchObject({ status: 'CANCELED', type });
  });

  it('close a position whatever its size, and need none that would fire at once', async () => {
    const close = { ...STOP, type: 'STOP_MARKET', stopPrice: '49000', closePosition: 'true' };
    expect(await maker.code('POST', ORDER, close)).toBe(-2022);
    await taker.must('POST', ORDER, SELL);
    await maker.must('POST', ORDER, { ...MARKET, side: 'BUY' });
    expect(await maker.must('POST', ORDER, close)).toMatchObject({ closePosition: true });
    const late = { ...close, stopPrice: '51000' };
    expect(await maker.code('POST', ORDER, late)).toBe(-2021);
    expect(await maker.code('POST', ORDER, { ...close, quantity: '1' })).toBe(-4137);
  });
});

describe('a wrong order', () => {
  it.each<[Json, number]>([
    [{ symbol: 'BTC-PERP' }, -1121],
    [{ symbol: 'btcusdt' }, -1121],
    [{ symbol: '' }, -1102],
    [{ side: 'buy' }, -1117],
    [{ side: '' }, -1102],
    [{ type: 'STOP_LOSS' }, -1116],
    [{ type: '' }, -1102],
    [{ timeInForce: 'DAY' }, -1115],
    [{ timeInForce: '' }, -1102],
    [{ quantity: '' }, -1102],
    [{ quantity: '0' }, -4003],
    [{ quantity: '-1' }, -4003],
    [{ quantity: '0.0000' }, -4003],
    [{ quantity: '0.0011' }, -1111],
    [{ quantity: '1e3' }, -1100],
    [{ quantity: 'NaN' }, -1100],
    [{ quantity: '.' }, -1100],
    [{ quantity: '99999999' }, -4005],
    [{ price: '' }, -1102],
    [{ price: '0' }, -4001],
    [{ price: '-5' }, -4001],
    [{ price: '50000.05' }, -4014],
    [{ price: '50000.055' }, -1111],
    [{ price: '5000000' }, -4002],
    [{ price: '60000' }, -4016],
    [{ side: 'SELL', price: '40000' }, -4024],
    [{ quantity: '0.001', price: '100' }, -4164],
    [{ quantity: '100' }, -2019],
    [{ reduceOnly: 'true' }, -2022],
    [{ reduceOnly: 'yes' }, -1130],
    [{ positionSide: 'LONG' }, -4061],
    [{ positionSide: 'X' }, -4060],
    [{ newOrderRespType: 'FULL' }, -1136],
    [{ newClientOrderId: 'has a space' }, -1100],
    [{ newClientOrderId: 'x'.repeat(37) }, -4015],
    [{ selfTradePreventionMode: 'ALL' }, -1130],
    [{ priceMatch: 'QUEUE' }, -1020],
    [{ priceProtect: 'TRUE' }, -1020],
    [{ goodTillDate: 5 }, -1106],
    [{ timeInForce: 'GTD' }, -1102],
    [{ timeInForce: 'GTD', goodTillDate: 5 }, -1130],
    [{ stopPrice: '50000' }, -1106],
    [{ closePosition: 'true' }, -4136],
    [{ type: 'MARKET' }, -1106],
    [{ type: 'STOP' }, -1102],
    [{ type: 'STOP_MARKET', price: '', timeInForce: '', stopPrice: '0' }, -4006],
    [{ type: 'TRAILING_STOP_MARKET', price: '', callbackRate: '11' }, -2007],
    [{ type: 'TRAILING_STOP_MARKET', price: '', callbackRate: '' }, -1102],
    [{ type: 'TRAILING_STOP_MARKET', price: '', callbackRate: '1', activationPrice: '1' }, -1020],
  ])('%o is refused with %i', async (fields, code) => {
    expect(await maker.code('POST', ORDER, { ...BUY, ...fields })).toBe(code);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toEqual([]);
  });

  it.each([
    ['50000.0', '0.010'],
    ['050000', '00.01'],
    ['50000.10', '.01'],
    ['50000.1000000', '0.0100000'],
  ])('is not one at %s for %s', async (price, quantity) => {
    expect(await maker.code('POST', ORDER, { ...BUY, price, quantity })).toBeUndefined();
  });
});

describe('algo orders', () => {
  const ALGO = '/fapi/v1/algoOrder';
  const STOP = {
    algoType: 'CONDITIONAL',
    symbol: 'BTCUSDT',
    side: 'SELL',
    type: 'STOP_MARKET',
    triggerPrice: '49000',
    quantity: '0.01',
    workingType: 'MARK_PRICE',
  };

  it('are placed, found, listed and canceled without a symbol', async () => {
    const placed = await maker.must('POST', ALGO, STOP);
    expect(placed).toMatchObject({
      algoStatus: 'NEW',
      orderType: 'STOP_MARKET',
      triggerPrice: '49000.0',
      quantity: '0.010',
    });
    const { algoId, clientAlgoId } = placed;
    expect(await maker.must('GET', ALGO, { algoId })).toMatchObject({ clientAlgoId });
    expect(await maker.must('GET', ALGO, { clientAlgoId })).toMatchObject({ algoId });
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openAlgoOrders')).toHaveLength(1);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toEqual([]);
    for (const name of [{ algoId }, { clientAlgoId }]) {
      expect(await taker.code('GET', ALGO, name)).toBe(-2013);
      expect(await taker.code('DELETE', ALGO, name)).toBe(-2011);
    }
    expect(await maker.must('DELETE', ALGO, { algoId })).toMatchObject({ algoId, code: '200' });
    expect(await maker.must('GET', ALGO, { algoId })).toMatchObject({ algoStatus: 'CANCELED' });
    expect(await maker.code('DELETE', ALGO, { algoId })).toBe(-2011);
    const all = await maker.must<Json[]>('GET', '/fapi/v1/allAlgoOrders', { symbol: 'BTCUSDT' });
    expect(all).toMatchObject([{ algoId }]);
  });

  it('are not said to be canceled while one of them waits on', async () => {
    await maker.must('POST', ALGO, STOP);
    exchange.port.command(CMD_SET_MARKET_STATE, 1, 1, { W_FLAGS: MARKET_STATE.halted });
    exchange.port.flush();
    const name = { symbol: 'BTCUSDT' };
    expect(await maker.code('DELETE', '/fapi/v1/algoOpenOrders', name)).toBe(-1016);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openAlgoOrders')).toHaveLength(1);
    exchange.port.command(CMD_SET_MARKET_STATE, 1, 1, { W_FLAGS: MARKET_STATE.open });
    exchange.port.flush();
    expect(await maker.code('DELETE', '/fapi/v1/algoOpenOrders', name)).toBe(200);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openAlgoOrders')).toEqual([]);
  });

  it('keep their names when a repetition of one is refused', async () => {
    const named = { ...STOP, clientAlgoId: 'mine' };
    await maker.must('POST', ALGO, named);
    expect(await maker.code('POST', ALGO, named)).toBe(-4116);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toEqual([]);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openAlgoOrders')).toHaveLength(1);
  });

  it('tell their account when they fire, and which order came of them', async () => {
    await taker.must('POST', ORDER, { ...BUY, price: '48000' });
    await maker.must('GET', '/fapi/v3/account');
    const { body } = await maker.keyed('POST', '/fapi/v1/listenKey');
    const socket = await exchange.socket(`/ws/${body.listenKey}`);
    const { algoId } = await maker.must('POST', ALGO, { ...STOP, clientAlgoId: 'guard' });
    exchange.port.timeMs += 1_000;
    const price = { W_PRICE: 489_000, F_QTY: exchange.port.timeMs };
    exchange.port.command(38, 1, 1, price);
    exchange.port.flush();
    const fired = await maker.must('GET', ALGO, { clientAlgoId: 'guard' });
    expect(fired).toMatchObject({ algoId, algoStatus: 'TRIGGERED' });
    const name = { symbol: 'BTCUSDT', orderId: fired.actualOrderId };
    expect(await maker.must('GET', ORDER, name)).toMatchObject({
      status: 'FILLED',
      origType: 'STOP_MARKET',
      type: 'MARKET',
    });
    await expect
      .poll(() => socket.messages.filter(({ e }) => e !== 'ACCOUNT_UPDATE'))
      .toMatchObject([
        { e: 'ALGO_UPDATE', o: { aid: algoId, X: 'NEW', caid: 'guard' } },
        { e: 'ALGO_UPDATE', o: { aid: algoId, X: 'TRIGGERED', ai: fired.actualOrderId } },
        { e: 'ORDER_TRADE_UPDATE', o: { x: 'NEW', c: 'guard' } },
        { e: 'ORDER_TRADE_UPDATE', o: { x: 'TRADE', X: 'FILLED' } },
      ]);
  });

  it('are canceled together, and leave the book alone', async () => {
    await maker.must('POST', ORDER, BUY);
    await maker.must('POST', ALGO, STOP);
    await maker.must('DELETE', '/fapi/v1/algoOpenOrders', { symbol: 'BTCUSDT' });
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openAlgoOrders')).toEqual([]);
    expect(await maker.must<Json[]>('GET', '/fapi/v1/openOrders')).toHaveLength(1);
    expect(await maker.code('POST', ALGO, { ...STOP, type: 'LIMIT' })).toBe(-1116);
    expect(await maker.code('POST', ALGO, { ...STOP, algoType: 'TWAP' })).toBe(-1130);
  });
});
