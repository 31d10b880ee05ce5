/**
 * Drives the Binance dialect with Binance's own connector, against the exchange as operators start it:
 *
 *   node .ci/binance-connector.mjs [LAYOUT]
 *
 * Prints one line for each check and "checks: N of M held".
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DerivativesTradingUsdsFutures } from '@binance/derivatives-trading-usds-futures';
import { check, eventually, finish, must, same, startExchange } from './exchange.mjs';

const symbol = 'BTCUSDT';
const LIMIT = { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.01 };

async function client(exchange) {
  const { accountId, apiKey, apiSecret } = await exchange.admin('accounts', {});
  await exchange.admin('deposits', { accountId, amount: '10000' });
  const host = `127.0.0.1:${exchange.port}`;
  const own = { apiKey, apiSecret };
  return new DerivativesTradingUsdsFutures({
    configurationRestAPI: { ...own, basePath: `http://${host}`, timeout: 10_000 },
    configurationWebsocketAPI: { ...own, wsURL: `ws://${host}/ws-fapi/v1`, timeout: 10_000 },
    configurationWebsocketStreams: { wsURL: `ws://${host}` },
  });
}

/** The body of an answer of REST. */
async function body(promise) {
  return (await promise).data();
}

/** What the connector says of a refusal. */
async function refusal(promise) {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error.message;
  }
}

async function restChecks(one, other) {
  const { restAPI } = one;
  await check('tells time and markets', async () => {
    await restAPI.testConnectivity();
    must(Number((await body(restAPI.checkServerTime())).serverTime) > 0, 'time');
    const { symbols } = await body(restAPI.exchangeInformation());
    same(
      symbols.map((each) => each.symbol),
      ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
      'symbols',
    );
  });
  let orderId;
  await check('places, changes, finds and cancels an order', async () => {
    const placed = await body(restAPI.newOrder({ ...LIMIT, price: 99_000 }));
    same([placed.status, placed.price], ['NEW', '99000.0'], 'order');
    orderId = placed.orderId;
    const change = { symbol, orderId, side: 'BUY', quantity: 0.02, price: 99_100 };
    same((await body(restAPI.modifyOrder(change))).origQty, '0.020', 'quantity');
    same((await body(restAPI.queryOrder({ symbol, orderId }))).price, '99100.0', 'price');
    same((await body(restAPI.currentAllOpenOrders({ symbol }))).length, 1, 'open orders');
  });
  await check('fills it in part, with position, trades and income', async () => {
    const sell = {
      symbol,
      side: 'SELL',
      type: 'MARKET',
      quantity: 0.005,
      newOrderRespType: 'RESULT',
    };
    same((await body(other.restAPI.newOrder(sell))).status, 'FILLED', 'status');
    const [position] = await body(restAPI.positionInformationV3({ symbol }));
    same([position.positionAmt, position.entryPrice], ['0.005', '99100.00000'], 'position');
    same((await body(restAPI.positionInformationV2({ symbol }))).length, 1, 'positions');
    same((await body(restAPI.accountTradeList({ symbol }))).length, 1, 'trades');
    same((await body(restAPI.getIncomeHistory({ incomeType: 'COMMISSION' }))).length, 1, 'income');
    same((await body(restAPI.cancelOrder({ symbol, orderId }))).status, 'CANCELED', 'status');
    same((await body(restAPI.allOrders({ symbol }))).length, 1, 'orders');
  });
}

async function accountChecks({ restAPI }) {
  await check('shows account and balance, and sets its terms', async () => {
    const account = await body(restAPI.accountInformationV3());
    must(Number(account.totalWalletBalance) > 9_999, JSON.stringify(account));
    same(
      (await body(restAPI.futuresAccountBalanceV3())).map(({ asset }) => asset),
      ['USDT'],
      'assets',
    );
    same(
      (await body(restAPI.changeInitialLeverage({ symbol, leverage: 9 }))).leverage,
      9,
      'leverage',
    );
    same((await body(restAPI.symbolConfiguration({ symbol })))[0].leverage, 9, 'leverage');
    same((await body(restAPI.getCurrentPositionMode())).dualSidePosition, false, 'mode');
    const [brackets] = [await body(restAPI.notionalAndLeverageBrackets({ symbol }))].flat();
    same(brackets.brackets.length, 4, 'brackets');
    const fees = await body(restAPI.userCommissionRate({ symbol }));
    same(Number(fees.takerCommissionRate), 0.0005, 'fee');
  });
  await check('shows market data', async () => {
    same((await body(restAPI.recentTradesList({ symbol }))).length, 1, 'trades');
    same((await body(restAPI.compressedAggregateTradesList({ symbol }))).length, 1, 'trades');
    same(
      (await body(restAPI.klineCandlestickData({ symbol, interval: '1m' }))).length,
      1,
      'candles',
    );
    must(Number((await body(restAPI.markPrice({ symbol }))).markPrice) > 0, 'mark');
    same((await body(restAPI.ticker24hrPriceChangeStatistics({ symbol }))).count, 1, 'count');
    must(Array.isArray((await body(restAPI.orderBook({ symbol }))).bids), 'book');
  });
  await check('places batches and algo orders, and cancels all', async () => {
    const batchOrders = [98_000, 98_001].map((price) => {
      return { ...LIMIT, quantity: '0.01', price: String(price) };
    });
    same((await body(restAPI.placeMultipleOrders({ batchOrders }))).length, 2, 'orders');
    const stop = {
      symbol,
      side: 'SELL',
      type: 'STOP_MARKET',
      quantity: 0.01,
      triggerPrice: 90_000,
    };
    const algo = await body(restAPI.newAlgoOrder({ ...stop, algoType: 'CONDITIONAL' }));
    same((await body(restAPI.queryAlgoOrder({ algoId: algo.algoId }))).algoStatus, 'NEW', 'status');
    await restAPI.cancelAlgoOrder({ algoId: algo.algoId });
    await restAPI.autoCancelAllOpenOrders({ symbol, countdownTime: 60_000 });
    await restAPI.cancelAllOpenOrders({ symbol });
    same((await body(restAPI.currentAllOpenOrders({ symbol }))).length, 0, 'open orders');
  });
  await check('gives the words of Binance for a refusal', async () => {
    const bad = (fields) => refusal(restAPI.newOrder({ ...LIMIT, price: 99_000, ...fields }));
    same(await bad({ quantity: 100 }), 'Margin is insufficient.', 'words');
    same(await bad({ symbol: 'XUSDT' }), 'Invalid symbol.', 'words');
    same(await bad({ reduceOnly: 'true', side: 'BUY' }), 'ReduceOnly Order is rejected.', 'words');
  });
}

async function streamChecks(one, other) {
  const connection = await one.websocketStreams.connect();
  const heard = { book: [], trades: [], own: [] };
  await check('reads books, trades and its own orders', async () => {
    const { listenKey } = await body(one.restAPI.startUserDataStream());
    connection
      .diffBookDepthStreams({ symbol: 'btcusdt', updateSpeed: '100ms' })
      .on('message', (data) => heard.book.push(data));
    connection
      .aggregateTradeStreams({ symbol: 'btcusdt' })
      .on('message', (data) => heard.trades.push(data));
    connection.userData(listenKey).on('message', (data) => heard.own.push(data));
    await eventually(
      async () => {
        const buy = await body(one.restAPI.newOrder({ ...LIMIT, price: 99_500 }));
        await other.restAPI.newOrder({ ...LIMIT, side: 'SELL', price: 99_500 });
        return buy && heard;
      },
      () => Object.values(heard).every(({ length }) => length > 0),
      'all three must be heard',
    );
    must(
      heard.own.some(({ e }) => e === 'ORDER_TRADE_UPDATE'),
      JSON.stringify(heard.own.slice(0, 3)),
    );
  });
  await connection.disconnect();
}

async function apiChecks(one) {
  const connection = await one.websocketAPI.connect();
  await check('places, changes and cancels by the WebSocket API', async () => {
    const placed = (await connection.newOrder({ ...LIMIT, price: 97_000 })).data;
    same(placed.price, '97000.0', 'price');
    const { orderId } = placed;
    const change = { symbol, orderId, side: 'BUY', quantity: 0.01, price: 97_001 };
    same((await connection.modifyOrder(change)).data.price, '97001.0', 'price');
    same((await connection.queryOrder({ symbol, orderId })).data.status, 'NEW', 'status');
    same((await connection.cancelOrder({ symbol, orderId })).data.status, 'CANCELED', 'status');
    must(Number((await connection.accountInformationV2()).data.totalWalletBalance) > 0, 'account');
    same((await connection.positionInformationV2({ symbol })).data.length, 1, 'positions');
    must(Array.isArray((await connection.orderBook({ symbol })).data.bids), 'book');
  });
  await connection.disconnect();
}

const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-connector-'));
const exchange = await startExchange(data, process.argv[2]);
try {
  await exchange.admin('prices', { market: 'BTC-PERP', index: '100000' });
  const [one, other] = [await client(exchange), await client(exchange)];
  await restChecks(one, other);
  await accountChecks(one);
  await streamChecks(one, other);
  await apiChecks(one);
} finally {
  await exchange.stop();
  fs.rmSync(data, { recursive: true });
}
finish();
