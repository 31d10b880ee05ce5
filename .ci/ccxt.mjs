/**
 * Drives the Binance dialect with ccxt, a client that nobody here wrote, against the exchange as operators start it:
 *
 *   node .ci/ccxt.mjs [LAYOUT]
 *
 * Prints one line for each check and "checks: N of M held".
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ccxt from 'ccxt';
import { check, eventually, finish, must, same, startExchange, within } from './exchange.mjs';

const SYMBOL = 'BTC/USDT:USDT';
async function client(exchange, amount) {
  const { accountId, apiKey, apiSecret } = await exchange.admin('accounts', {});
  await exchange.admin('deposits', { accountId, amount });
  const own = new ccxt.pro.binance({
    apiKey,
    secret: apiSecret,
    enableRateLimit: false,
    newUpdates: true,
    options: {
      defaultType: 'swap',
      fetchCurrencies: false,
      fetchMargins: false,
      fetchMarkets: { types: ['linear'] },
    },
  });
  const host = `127.0.0.1:${exchange.port}`;
  const here = (value) => {
    if (typeof value === 'string') {
      return value
        .replace(/^https:\/\/[^/]+/, `http://${host}`)
        .replace(/^wss:\/\/[^/]+/, `ws://${host}`);
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, here(each)]));
  };
  own.urls.api = here(own.urls.api);
  own.urls.api.ws.future = `ws://${host}/ws`;
  own.urls.api.ws['ws-api'].future = `ws://${host}/ws-fapi/v1`;
  own.urls.api.ws['ws-api'].linear = `ws://${host}/ws-fapi/v1`;
  await own.loadHttpProxyAgent();
  return own;
}

/** Our code in ccxt's error; its own classes depend on host names that a loopback address does not have. */
async function errorOf(promise) {
  try {
    await promise;
    return 0;
  } catch (error) {
    return Number(/"code":(-[0-9]+)/.exec(String(error))?.[1] ?? 1);
  }
}

async function publicChecks(one) {
  await check('loads the markets with their limits', async () => {
    const markets = await one.loadMarkets();
    const market = markets[SYMBOL];
    must(market !== undefined, `${SYMBOL} must be a market, among ${Object.keys(markets)}`);
    same(market.precision.price, 0.1, 'tick');
    same(market.precision.amount, 0.001, 'lot');
    same([market.swap, market.linear, market.active], [true, true, true], 'kind');
    for (const other of ['ETH/USDT:USDT', 'SOL/USDT:USDT'])
      must(markets[other], `${other} is missing`);
  });
  await check('tells the time', async () => {
    must(Math.abs((await one.fetchTime()) - Date.now()) < 5_000, 'time must be near');
  });
  await check('shows mark price and funding', async () => {
    const rate = await one.fetchFundingRate(SYMBOL);
    must(rate.markPrice > 0 && rate.indexPrice > 0, JSON.stringify(rate));
  });
}

async function orderChecks(one, other) {
  let order;
  await check('creates a limit order and finds it', async () => {
    order = await one.createOrder(SYMBOL, 'limit', 'buy', 0.01, 99_000);
    same([order.status, order.price, order.amount], ['open', 99_000, 0.01], 'order');
    same((await one.fetchOrder(order.id, SYMBOL)).status, 'open', 'status');
    same(
      (await one.fetchOpenOrders(SYMBOL)).map(({ id }) => id),
      [order.id],
      'open orders',
    );
  });
  await check('amends it', async () => {
    const amended = await one.editOrder(order.id, SYMBOL, 'limit', 'buy', 0.02, 99_000.5);
    same([amended.id, amended.price, amended.amount], [order.id, 99_000.5, 0.02], 'order');
  });
  await check('fills it in part by another account, then shows average and fee', async () => {
    const sold = await other.createOrder(SYMBOL, 'market', 'sell', 0.005);
    same([sold.status, sold.filled, sold.average], ['closed', 0.005, 99_000.5], 'market order');
    // The homes of the two accounts may be two shards: only the taker's has surely told of the fill.
    const half = await eventually(
      () => one.fetchOrder(order.id, SYMBOL),
      ({ filled }) => filled !== 0,
      'the fill must reach its maker',
    );
    same([half.status, half.filled, half.remaining], ['open', 0.005, 0.015], 'half filled order');
    const [trade] = await one.fetchMyTrades(SYMBOL);
    same([trade.order, trade.amount, trade.takerOrMaker], [order.id, 0.005, 'maker'], 'trade');
    must(trade.fee.cost > 0, 'a fee must be shown');
  });
  await check('shows the position with its liquidation price', async () => {
    const [position] = await other.fetchPositions([SYMBOL]);
    same([position.side, position.contracts], ['short', 0.005], 'position');
    same(position.entryPrice, 99_000.5, 'entry price');
    must(position.liquidationPrice > 99_000.5, `liquidation price ${position.liquidationPrice}`);
  });
  await check('cancels it, and says so when it is gone', async () => {
    same((await one.cancelOrder(order.id, SYMBOL)).status, 'canceled', 'status');
    same(await errorOf(one.cancelOrder(order.id, SYMBOL)), -2011, 'code');
    same(await errorOf(one.fetchOrder('999999', SYMBOL)), -2013, 'code');
  });
  await check('creates several at once and cancels all', async () => {
    const wanted = [98_000, 98_100].map((price) => {
      return { symbol: SYMBOL, type: 'limit', side: 'buy', amount: 0.01, price };
    });
    const created = await one.createOrders(wanted);
    same(
      created.map(({ price }) => price),
      [98_000, 98_100],
      'prices',
    );
    same((await one.fetchOpenOrders(SYMBOL)).length, 2, 'number of open orders');
    await one.cancelAllOrders(SYMBOL);
    same((await one.fetchOpenOrders(SYMBOL)).length, 0, 'number of open orders');
  });
  await check('places, finds and cancels orders that wait for a price', async () => {
    const waiting = { trigger: true };
    const stop = await one.createOrder(SYMBOL, 'market', 'sell', 0.01, undefined, {
      stopLossPrice: 95_000,
    });
    same([stop.status, stop.triggerPrice, stop.amount], ['open', 95_000, 0.01], 'stop');
    same((await one.fetchOrder(stop.id, SYMBOL, waiting)).status, 'open', 'status');
    const trailing = await one.createOrder(SYMBOL, 'market', 'sell', 0.01, undefined, {
      trailingPercent: 2,
    });
    const open = await one.fetchOpenOrders(SYMBOL, undefined, undefined, waiting);
    same(open.map(({ id }) => id).sort(), [stop.id, trailing.id].sort(), 'waiting orders');
    for (const { id } of open) await one.cancelOrder(id, SYMBOL, waiting);
    same((await one.fetchOrder(stop.id, SYMBOL, waiting)).status, 'canceled', 'status');
  });
  await check('gives errors that ccxt knows', async () => {
    const bad = (amount, price, params) => {
      return errorOf(one.createOrder(SYMBOL, 'limit', 'buy', amount, price, params));
    };
    same(await bad(500, 99_000), -2019, 'too large');
    same(await bad(0.01, 99_000, { reduceOnly: true, clientOrderId: 'a' }), -2022, 'reduce only');
    same(await bad(0.01, 120_000), -4016, 'beyond the band');
    same(await bad(0.01, 99_000, { clientOrderId: 'twice' }), 0, 'the first');
    same(await bad(0.01, 99_000, { clientOrderId: 'twice' }), -4116, 'the second');
    await one.cancelAllOrders(SYMBOL);
  });
}

async function accountChecks(one, other) {
  await check('sets the leverage and reads it back', async () => {
    const answer = await one.setLeverage(7, SYMBOL);
    same(Number(answer.leverage), 7, 'leverage');
    const read = await one.fetchLeverage(SYMBOL);
    same(read.longLeverage, 7, 'leverage');
    same(await errorOf(one.setLeverage(60, SYMBOL)), -4028, 'too much');
  });
  await check('shows the balance', async () => {
    const balance = await one.fetchBalance();
    must(
      balance.USDT.total > 99_000 && balance.USDT.free <= balance.USDT.total + 100,
      JSON.stringify(balance.USDT),
    );
  });
  await check('isolates a position and moves margin to it', async () => {
    await other.closeAllPositions?.().catch(() => {});
    const market = 'ETH/USDT:USDT';
    await other.setMarginMode('isolated', market);
    await one.createOrder(market, 'limit', 'sell', 1, 3_000);
    await other.createOrder(market, 'market', 'buy', 1);
    await other.addMargin(market, 50);
    const [position] = await other.fetchPositions([market]);
    same([position.marginMode, position.side], ['isolated', 'long'], 'position');
    must(position.liquidationPrice > 0, 'liquidation price');
  });
  await check('has brackets, fees, funding history, income and order history', async () => {
    const tiers = await one.fetchLeverageTiers([SYMBOL]);
    must(tiers[SYMBOL].length > 1, 'tiers');
    const fee = await one.fetchTradingFee(SYMBOL);
    same([fee.maker, fee.taker], [0.0002, 0.0005], 'fees');
    must((await one.fetchOrders(SYMBOL)).length >= 3, 'orders');
    must(Array.isArray(await one.fetchFundingHistory(SYMBOL)), 'funding');
    must((await one.fetchLedger('USDT')).length > 0, 'ledger');
    const candles = await one.fetchOHLCV(SYMBOL, '1m');
    same(candles.at(-1)[4], 99_000.5, 'close');
  });
}

async function streamChecks(one, other) {
  const book = watchBook(one);
  await check('watches the book, and it is that of the exchange', async () => {
    await eventually(
      () => book.latest,
      (seen) => seen !== null,
      'a book must come',
    );
    for (let i = 0; i < 20; i++) {
      await other.createOrder(SYMBOL, 'limit', 'buy', 0.01, 98_000 + i * 10);
    }
    await sameBook(book, other, (truth) => truth.bids.length >= 20);
  });
  await check('watches trades, orders, own trades, positions and balance', async () => {
    const trades = one.watchTrades(SYMBOL);
    const orders = one.watchOrders(SYMBOL);
    const mine = one.watchMyTrades(SYMBOL);
    const balance = one.watchBalance();
    const heard = Promise.all([trades, orders, mine, balance]);
    // Nothing says from when on somebody is watched, and of what was before nothing is told.
    const stopTrading = keepDoing(async () => {
      await other.createOrder(SYMBOL, 'limit', 'buy', 0.003, 98_200);
      await one.createOrder(SYMBOL, 'limit', 'sell', 0.003, 98_200);
    });
    await within(heard, 'all four').finally(stopTrading);
    same((await trades)[0].amount, 0.003, 'trade');
    same((await orders)[0].symbol, SYMBOL, 'order');
    same((await mine)[0].amount, 0.003, 'own trade');
    must((await balance).USDT.total > 0, 'balance');
  });
  await check('goes on after the connection was cut', async () => {
    for (const connection of Object.values(one.clients)) connection.connection?.terminate?.();
    await sleep(500);
    const orders = [];
    let watching = true;
    const watch = (async () => {
      while (watching) orders.push(...(await eventuallyWatched(() => one.watchOrders(SYMBOL))));
    })();
    const placed = new Set();
    const stopPlacing = keepDoing(async () => {
      const { id } = await one.createOrder(SYMBOL, 'limit', 'sell', 0.004, 105_000);
      placed.add(id);
      await one.cancelOrder(id, SYMBOL);
    });
    const has = () => orders.some(({ id }) => placed.has(id));
    await eventually(has, (found) => found, 'an order must be told after the cut').finally(
      stopPlacing,
    );
    watching = false;
    // What it waits for.
    const last = await one.createOrder(SYMBOL, 'limit', 'sell', 0.004, 105_000);
    await one.cancelOrder(last.id, SYMBOL);
    await watch;
    await one.createOrder(SYMBOL, 'limit', 'sell', 0.004, 105_100);
    await sameBook(book, other, (truth) => truth.asks[0]?.[0] === 105_100);
  });
  await check('places, edits and cancels by the WebSocket API', async () => {
    const placed = await one.createOrderWs(SYMBOL, 'limit', 'buy', 0.01, 97_000);
    same(placed.price, 97_000, 'price');
    const edited = await one.editOrderWs(placed.id, SYMBOL, 'limit', 'buy', 0.01, 97_100);
    same(edited.price, 97_100, 'price');
    same((await one.fetchOrderWs(placed.id, SYMBOL)).status, 'open', 'status');
    same((await one.cancelOrderWs(placed.id, SYMBOL)).status, 'canceled', 'status');
    must((await one.fetchBalanceWs({ type: 'future' })).USDT.total > 0, 'balance');
    must(Array.isArray(await one.fetchPositionsWs([SYMBOL])), 'positions');
  });
}

/** Keeps the newest state of a watched book. */
function watchBook(one) {
  const book = { latest: null, stop: false };
  void (async () => {
    while (!book.stop) {
      const seen = await eventuallyWatched(() => one.watchOrderBook(SYMBOL));
      book.latest = {
        bids: seen.bids.map(([...level]) => level),
        asks: seen.asks.map(([...level]) => level),
      };
    }
  })().catch(() => {});
  return book;
}

/** Until what was watched is what REST shows, which has to fulfil the condition. */
function sameBook(book, other, condition) {
  const ask = async () => ({ truth: await other.fetchOrderBook(SYMBOL), seen: book.latest });
  const isSame = ({ seen, truth }) => {
    const text = ({ asks, bids }) => JSON.stringify([bids, asks]);
    return condition(truth) && seen !== null && text(seen) === text(truth);
  };
  return eventually(ask, isSame, 'the watched book must become that of the exchange');
}

/** Again and again, until the function that it gives is called, which resolves when the last time is over. */
function keepDoing(act) {
  let isOver = false;
  const doing = (async () => {
    for (; !isOver; await sleep(200)) await act();
  })();
  // Told to who ends it.
  doing.catch(() => {});
  return () => {
    isOver = true;
    return doing;
  };
}

/** A cut connection fails what waited on it; who asks again gets a new one. */
async function eventuallyWatched(watch) {
  for (;;) {
    try {
      return await watch();
    } catch (error) {
      if (!(error instanceof ccxt.NetworkError)) throw error;
      await sleep(50);
    }
  }
}

const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-ccxt-'));
const exchange = await startExchange(data, process.argv[2]);
let clients = [];
try {
  await exchange.admin('prices', { market: 'BTC-PERP', index: '100000' });
  await exchange.admin('prices', { market: 'ETH-PERP', index: '3000' });
  await exchange.admin('prices', { market: 'SOL-PERP', index: '180' });
  clients = [await client(exchange, '100000'), await client(exchange, '5000')];
  const [one, other] = clients;
  await publicChecks(one);
  await other.loadMarkets();
  await orderChecks(one, other);
  await accountChecks(one, other);
  await streamChecks(one, other);
} finally {
  for (const each of clients) await each.close();
  await exchange.stop();
  fs.rmSync(data, { recursive: true });
}
finish();
