import type { AccountRequests } from './account-requests.js';
import type { AlgoRequests } from './algo-requests.js';
import type { MarketRequests } from './market-requests.js';
import type { AccountCall, OrderRequests } from './order-requests.js';
import type { Parameters } from './parameters.js';

/**
 * How a request shows who sends it: not at all, by its key alone, or by a signature. `change`: it changes something, so it may not
 * be taken twice. `cancel`: it only takes away, so a retry of the very same request is welcome, and it has an allowance of its own.
 */
export type Security = 'none' | 'key' | 'read' | 'change' | 'cancel';

export interface Route {
  readonly security: Security;
  handle(call: RouteCall): unknown;
}

export interface RouteCall {
  readonly parameters: Parameters;
  /** Of a request with a signature. */
  readonly account: AccountCall | null;
  /** Of a request with a key alone. */
  readonly accountId: number;
  /** Of such a request. */
  readonly apiKey: string;
}

/** The answer to a request that was let in, once its account's past is known. */
export function answerOf(route: Route, call: RouteCall): unknown {
  const ready = call.account?.history.ready ?? null;
  return ready === null ? route.handle(call) : ready.then(() => route.handle(call));
}

/** Requests about listen keys and the dead man's switch. */
export interface SessionHandlers {
  openListenKey(account: number, apiKey: string): object | Promise<object>;
  keepListenKey(account: number, apiKey: string): object | Promise<object>;
  closeListenKey(account: number, apiKey: string): object | Promise<object>;
  countdown(call: AccountCall): object | Promise<object>;
}

export interface RouteHandlers {
  readonly market: MarketRequests;
  readonly orders: OrderRequests;
  readonly algos: AlgoRequests;
  readonly accounts: AccountRequests;
  readonly session: SessionHandlers;
}

/** Routes by method and path below `/fapi`. */
export function restRoutes({ accounts, algos, market, orders, session }: RouteHandlers) {
  const open = (handle: (parameters: Parameters) => unknown): Route => {
    return { security: 'none', handle: ({ parameters }) => handle(parameters) };
  };
  const own = (security: Security, handle: (call: AccountCall) => unknown): Route => {
    return { security, handle: ({ account }) => handle(account as AccountCall) };
  };
  const keyed = (handle: (accountId: number, apiKey: string) => unknown): Route => {
    return { security: 'key', handle: ({ accountId, apiKey }) => handle(accountId, apiKey) };
  };
  const routes: Readonly<Record<string, Route>> = {
    'GET /v1/ping': open(market.ping),
    'GET /v1/time': open(market.time),
    'GET /v1/exchangeInfo': open(market.exchangeInfo),
    'GET /v1/depth': open(market.depth),
    'GET /v1/trades': open(market.trades),
    'GET /v1/historicalTrades': open(market.historicalTrades),
    'GET /v1/aggTrades': open(market.aggregateTrades),
    'GET /v1/klines': open(market.klines),
    'GET /v1/premiumIndex': open(market.premiumIndex),
    'GET /v1/fundingRate': open(market.fundingRate),
    'GET /v1/ticker/24hr': open(market.dayTicker),
    'GET /v1/ticker/price': open(market.priceTicker),
    'GET /v2/ticker/price': open(market.priceTicker),
    'GET /v1/ticker/bookTicker': open(market.bookTicker),
    'GET /v1/openInterest': open(market.openInterest),
    'POST /v1/order': own('change', orders.place),
    'POST /v1/order/test': own('read', orders.test),
    'PUT /v1/order': own('change', orders.amend),
    'GET /v1/order': own('read', orders.status),
    'DELETE /v1/order': own('cancel', orders.cancel),
    'POST /v1/batchOrders': own('change', orders.placeBatch),
    'PUT /v1/batchOrders': own('change', orders.amendBatch),
    'DELETE /v1/batchOrders': own('cancel', orders.cancelBatch),
    'DELETE /v1/allOpenOrders': own('cancel', orders.cancelAll),
    'GET /v1/openOrder': own('read', orders.openOrder),
    'GET /v1/openOrders': own('read', orders.openOrders),
    'GET /v1/allOrders': own('read', orders.allOrders),
    'POST /v1/algoOrder': own('change', algos.place),
    'GET /v1/algoOrder': own('read', algos.status),
    'DELETE /v1/algoOrder': own('cancel', algos.cancel),
    'DELETE /v1/algoOpenOrders': own('cancel', algos.cancelAll),
    'GET /v1/openAlgoOrders': own('read', algos.open),
    'GET /v1/allAlgoOrders': own('read', algos.all),
    'POST /v1/countdownCancelAll': own('change', (call) => session.countdown(call)),
    'GET /v2/account': own('read', accounts.accountV2),
    'GET /v3/account': own('read', accounts.accountV3),
    'GET /v2/balance': own('read', accounts.balance),
    'GET /v3/balance': own('read', accounts.balance),
    'GET /v2/positionRisk': own('read', accounts.positionRiskV2),
    'GET /v3/positionRisk': own('read', accounts.positionRiskV3),
    'GET /v1/adlQuantile': own('read', accounts.adlQuantile),
    'POST /v1/leverage': own('change', accounts.setLeverage),
    'POST /v1/marginType': own('change', accounts.setMarginType),
    'POST /v1/positionMargin': own('change', accounts.moveMargin),
    'GET /v1/leverageBracket': own('read', accounts.leverageBrackets),
    'GET /v1/commissionRate': own('read', accounts.commissionRate),
    'GET /v1/positionSide/dual': own('read', accounts.isDual),
    'POST /v1/positionSide/dual': own('change', accounts.setDual),
    'GET /v1/multiAssetsMargin': own('read', accounts.isMultiAssets),
    'POST /v1/multiAssetsMargin': own('change', accounts.setMultiAssets),
    'GET /v1/accountConfig': own('read', accounts.accountConfig),
    'GET /v1/symbolConfig': own('read', accounts.symbolConfig),
    'GET /v1/userTrades': own('read', accounts.userTrades),
    'GET /v1/income': own('read', accounts.income),
    'GET /v1/forceOrders': own('read', accounts.forceOrders),
    'POST /v1/listenKey': keyed((...of) => session.openListenKey(...of)),
    'PUT /v1/listenKey': keyed((...of) => session.keepListenKey(...of)),
    'DELETE /v1/listenKey': keyed((...of) => session.closeListenKey(...of)),
  };
  return routes;
}

/** Paths that Binance has and this door does not, so that a client is told so and need not look for a mistake of its own. */
export const NOT_HERE: ReadonlySet<string> = new Set([
  '/v1/apiTradingStatus',
  '/v1/assetIndex',
  '/v1/constituents',
  '/v1/continuousKlines',
  '/v1/convert/acceptQuote',
  '/v1/convert/exchangeInfo',
  '/v1/convert/getQuote',
  '/v1/convert/orderStatus',
  '/v1/feeBurn',
  '/v1/fundingInfo',
  '/v1/income/asyn',
  '/v1/income/asyn/id',
  '/v1/indexInfo',
  '/v1/indexPriceKlines',
  '/v1/insuranceBalance',
  '/v1/markPriceKlines',
  '/v1/order/asyn',
  '/v1/order/asyn/id',
  '/v1/orderAmendment',
  '/v1/pmAccountInfo',
  '/v1/positionMargin/history',
  '/v1/premiumIndexKlines',
  '/v1/rateLimit/order',
  '/v1/rpiDepth',
  '/v1/symbolAdlRisk',
  '/v1/trade/asyn',
  '/v1/trade/asyn/id',
  '/v1/tradingSchedule',
]);

/** The same handlers by the methods of the WebSocket API. */
export function socketRoutes(rest: Readonly<Record<string, Route>>) {
  const names: Readonly<Record<string, string>> = {
    ping: 'GET /v1/ping',
    time: 'GET /v1/time',
    exchangeInfo: 'GET /v1/exchangeInfo',
    depth: 'GET /v1/depth',
    'ticker.price': 'GET /v1/ticker/price',
    'ticker.book': 'GET /v1/ticker/bookTicker',
    'order.place': 'POST /v1/order',
    'order.test': 'POST /v1/order/test',
    'order.modify': 'PUT /v1/order',
    'order.cancel': 'DELETE /v1/order',
    'order.status': 'GET /v1/order',
    'algoOrder.place': 'POST /v1/algoOrder',
    'algoOrder.cancel': 'DELETE /v1/algoOrder',
    'openOrders.status': 'GET /v1/openOrders',
    'openOrders.cancelAll': 'DELETE /v1/allOpenOrders',
    'account.balance': 'GET /v2/balance',
    'v2/account.balance': 'GET /v3/balance',
    'account.status': 'GET /v2/account',
    'v2/account.status': 'GET /v3/account',
    'account.position': 'GET /v2/positionRisk',
    'v2/account.position': 'GET /v3/positionRisk',
    'userDataStream.start': 'POST /v1/listenKey',
    'userDataStream.ping': 'PUT /v1/listenKey',
    'userDataStream.stop': 'DELETE /v1/listenKey',
  };
  return new Map(Object.entries(names).map(([method, name]) => [method, rest[name] as Route]));
}
