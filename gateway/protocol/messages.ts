import { LIQUIDATION_MESSAGES } from './liquidation-tables.js';

/**
 * The public protocol as tables. In JSON a message is an object with these field names; in msgpack it is an
 * array: code, then (requests) the id, then the fields in this order. Codes and positions are never reused,
 * new fields are appended. PROTOCOL.md explains each of them.
 */
export interface RequestShape {
  readonly name: string;
  readonly code: number;
  readonly fields: readonly string[];
}

export interface MessageShape {
  readonly name: string;
  readonly code: number;
  readonly fields: readonly string[];
}

export const PROTOCOL_VERSION = 1;
export const SUBPROTOCOL_JSON = 'plimsoll.json';
export const SUBPROTOCOL_MSGPACK = 'plimsoll.msgpack';

const ORDER_FIELDS = [
  'side',
  'price',
  'qty',
  'orderType',
  'timeInForce',
  'postOnly',
  'reduceOnly',
  'selfTradePrevention',
  'clientOrderId',
  'expiresAt',
  'deadline',
  'timestamp',
  'recvWindow',
] as const;
const TRIGGER_FIELDS = [
  'triggerPrice',
  'triggerBy',
  'trailingAmount',
  'trailingRate',
  'ocoOrderId',
  'ocoClientOrderId',
  'closePosition',
] as const;
const BRACKET_FIELDS = [
  'takeProfitPrice',
  'takeProfitLimit',
  'takeProfitBy',
  'stopLossPrice',
  'stopLossLimit',
  'stopLossBy',
] as const;
const WINDOW_FIELDS = ['deadline', 'timestamp', 'recvWindow'] as const;

function request(name: string, code: number, fields: readonly string[]): RequestShape {
  return { name, code, fields };
}

export const REQUESTS = {
  place: request('place', 1, ['market', ...ORDER_FIELDS, ...TRIGGER_FIELDS, ...BRACKET_FIELDS]),
  cancel: request('cancel', 2, ['market', 'orderId', 'clientOrderId', ...WINDOW_FIELDS]),
  amend: request('amend', 3, [
    'market',
    'orderId',
    'clientOrderId',
    'price',
    'qty',
    ...WINDOW_FIELDS,
  ]),
  replace: request('replace', 4, [
    'market',
    'targetOrderId',
    'targetClientOrderId',
    ...ORDER_FIELDS,
  ]),
  cancelAll: request('cancelAll', 5, ['market', 'side', ...WINDOW_FIELDS]),
  batch: request('batch', 6, ['requests']),
  challenge: request('challenge', 7, []),
  login: request('login', 8, ['publicKey', 'apiKey', 'challenge', 'time', 'signature']),
  subscribe: request('subscribe', 9, ['channel', 'epoch', 'sequence']),
  unsubscribe: request('unsubscribe', 10, ['channel']),
  ping: request('ping', 11, []),
  time: request('time', 12, []),
  instruments: request('instruments', 13, []),
  setLeverage: request('setLeverage', 14, ['market', 'leverage', ...WINDOW_FIELDS]),
  takeOver: request('takeOver', 30, [
    'market',
    'auctionId',
    'side',
    'qty',
    'price',
    ...WINDOW_FIELDS,
  ]),
  setMarginMode: request('setMarginMode', 20, ['market', 'marginMode', ...WINDOW_FIELDS]),
  moveMargin: request('moveMargin', 21, ['market', 'amount', ...WINDOW_FIELDS]),
  positions: request('positions', 22, []),
  placeScaled: request('placeScaled', 15, [
    'market',
    'side',
    'price',
    'lastPrice',
    'qty',
    'count',
    'distribution',
    'timeInForce',
    'postOnly',
    'reduceOnly',
    'selfTradePrevention',
    'clientOrderId',
    'expiresAt',
    ...WINDOW_FIELDS,
  ]),
  placeTwap: request('placeTwap', 16, [
    'market',
    'side',
    'qty',
    'duration',
    'slices',
    'interval',
    'price',
    'reduceOnly',
    'selfTradePrevention',
    'clientOrderId',
    ...WINDOW_FIELDS,
  ]),
} as const;

export type RequestName = keyof typeof REQUESTS;

/** Requests that become a command of the shard. */
export const ORDER_REQUESTS: ReadonlySet<string> = new Set([
  'place',
  'cancel',
  'amend',
  'replace',
  'cancelAll',
  'setLeverage',
  'takeOver',
  'setMarginMode',
  'moveMargin',
  'placeScaled',
  'placeTwap',
]);

/** Names in JSON; in msgpack their index. */
export const SIDES = ['buy', 'sell'] as const;
export const ORDER_TYPES = [
  'limit',
  'market',
  'stop_market',
  'stop_limit',
  'take_profit_market',
  'take_profit_limit',
  'trailing_stop_market',
] as const;
/** Prices that trigger orders wait for; the index is the engine's number of the source. */
export const TRIGGER_SOURCES = ['mark', 'last', 'index'] as const;
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd'] as const;
export const POST_ONLY_MODES = ['none', 'reject', 'slide'] as const;
export const SELF_TRADE_MODES = [
  'none',
  'cancel_taker',
  'cancel_maker',
  'cancel_both',
  'decrement',
] as const;
export const ACK_RESULTS = [
  'accepted',
  'amended',
  'canceled',
  'massCanceled',
  'duplicate',
  'done',
  'takenOver',
] as const;
export const ORDER_EVENTS = [
  'accepted',
  'amended',
  'canceled',
  'triggered',
  'rejected',
  'ended',
] as const;
/** Index = number of the distribution in the engine's commands. */
export const DISTRIBUTIONS = ['equal', 'rising', 'falling'] as const;
export const PARENT_KINDS = ['scaled', 'twap'] as const;
/** Index = number of the reason in the engine's events. */
export const REASONS = [
  'none',
  'user',
  'ioc_remainder',
  'fok_unfillable',
  'self_trade',
  'expired',
  'reduce_only',
  'mass_cancel',
  'replaced',
  'market_state',
  'no_liquidity',
  'oco',
  'position_closed',
  'liquidation',
] as const;
export const MARKET_STATES = [
  'initializing',
  'open',
  'post_only',
  'cancel_only',
  'reduce_only',
  'halted',
  'settling',
  'closed',
] as const;

/** In the protocol's own order; liquidation-stages.ts says which of the engine's stages each is. */
export const LIQUIDATION_STAGES = [
  'none',
  'begun',
  'ended',
  'slices',
  'auction',
  'fund',
  'deleveraging',
  'debt',
] as const;
/** Why prices are not trusted; bit n of the engine's guards is the n-th name. */
export const PRICE_GUARDS = ['age', 'confidence', 'jump', 'divergence'] as const;

/** Index = margin mode in the engine's commands and events. */
export const MARGIN_MODES = ['cross', 'isolated'] as const;

/** Fields of requests whose values are names: the table of names each. */
export const ENUM_FIELDS: Readonly<Record<string, readonly string[]>> = {
  side: SIDES,
  orderType: ORDER_TYPES,
  timeInForce: TIMES_IN_FORCE,
  postOnly: POST_ONLY_MODES,
  selfTradePrevention: SELF_TRADE_MODES,
  triggerBy: TRIGGER_SOURCES,
  marginMode: MARGIN_MODES,
  distribution: DISTRIBUTIONS,
  takeProfitBy: TRIGGER_SOURCES,
  stopLossBy: TRIGGER_SOURCES,
};

function message(name: string, code: number, fields: readonly string[]): MessageShape {
  return { name, code, fields };
}

export const MESSAGES = {
  hello: message('hello', 64, [
    'version',
    'venue',
    'epoch',
    'time',
    'challenge',
    'challengeExpiresAt',
  ]),
  ack: message('ack', 65, [
    'id',
    'result',
    'market',
    'orderId',
    'clientOrderId',
    'side',
    'price',
    'qty',
    'remaining',
    'count',
    'sequence',
    'accountSequence',
    'time',
    'canceledQty',
  ]),
  error: message('error', 66, ['id', 'code', 'message']),
  done: message('done', 67, ['id', 'op', 'data']),
  order: message('order', 70, [
    'event',
    'epoch',
    'accountSequence',
    'market',
    'orderId',
    'clientOrderId',
    'side',
    'orderType',
    'timeInForce',
    'postOnly',
    'reduceOnly',
    'price',
    'qty',
    'remaining',
    'reason',
    'expiresAt',
    'sequence',
    'time',
    'canceledQty',
    'triggerPrice',
    'triggerBy',
    'triggerOrderId',
    'code',
    'message',
    'trailingAmount',
    'trailingRate',
    'ocoOrderId',
    'closePosition',
    'parentOrderId',
  ]),
  fill: message('fill', 71, [
    'epoch',
    'accountSequence',
    'market',
    'orderId',
    'clientOrderId',
    'side',
    'price',
    'qty',
    'remaining',
    'maker',
    'fee',
    'realizedPnl',
    'position',
    'entryValue',
    'collateral',
    'tradeId',
    'sequence',
    'time',
  ]),
  balance: message('balance', 72, [
    'epoch',
    'accountSequence',
    'change',
    'collateral',
    'sequence',
    'time',
  ]),
  funding: message('funding', 74, [
    'epoch',
    'accountSequence',
    'market',
    'payment',
    'fundingRate',
    'intervalHours',
    'indexPrice',
    'position',
    'collateral',
    'sequence',
    'time',
  ]),
  liquidation: message('liquidation', 75, [
    'epoch',
    'accountSequence',
    'stage',
    'equity',
    'maintenanceMargin',
    'collateral',
    'sequence',
    'time',
    'market',
  ]),
  leverage: message('leverage', 76, [
    'epoch',
    'accountSequence',
    'market',
    'leverage',
    'sequence',
    'time',
  ]),
  marginMode: message('marginMode', 78, [
    'epoch',
    'accountSequence',
    'market',
    'marginMode',
    'sequence',
    'time',
  ]),
  positionMargin: message('positionMargin', 79, [
    'epoch',
    'accountSequence',
    'market',
    'moved',
    'positionCollateral',
    'collateral',
    'sequence',
    'time',
  ]),
  privateSnapshot: message('privateSnapshot', 73, [
    'accountId',
    'epoch',
    'accountSequence',
    'collateral',
    'positions',
    'orders',
    'part',
    'parts',
    'leverages',
    'isolated',
    'twaps',
  ]),
  bracket: message('bracket', 69, [
    'epoch',
    'accountSequence',
    'market',
    'orderId',
    'clientOrderId',
    ...BRACKET_FIELDS,
    'sequence',
    'time',
  ]),
  parent: message('parent', 77, [
    'event',
    'epoch',
    'accountSequence',
    'market',
    'orderId',
    'clientOrderId',
    'kind',
    'side',
    'reduceOnly',
    'price',
    'lastPrice',
    'qty',
    'remaining',
    'count',
    'endsAt',
    'filledValue',
    'averagePrice',
    'reason',
    'sequence',
    'time',
  ]),
  bookSnapshot: message('bookSnapshot', 80, [
    'market',
    'epoch',
    'sequence',
    'checksum',
    'bids',
    'asks',
    'time',
  ]),
  bookDelta: message('bookDelta', 81, [
    'market',
    'epoch',
    'previousSequence',
    'sequence',
    'checksum',
    'bids',
    'asks',
    'time',
  ]),
  tradesSnapshot: message('tradesSnapshot', 82, ['market', 'epoch', 'sequence', 'trades']),
  trades: message('trades', 83, ['market', 'epoch', 'previousSequence', 'sequence', 'trades']),
  markSnapshot: message('markSnapshot', 84, [
    'market',
    'epoch',
    'sequence',
    'markPrice',
    'indexPrice',
    'time',
    'fundingRate',
    'nextFundingTime',
    'guards',
  ]),
  mark: message('mark', 85, [
    'market',
    'epoch',
    'previousSequence',
    'sequence',
    'markPrice',
    'indexPrice',
    'time',
    'fundingRate',
    'nextFundingTime',
    'guards',
  ]),
  marketStateSnapshot: message('marketStateSnapshot', 86, ['epoch', 'sequence', 'states']),
  marketState: message('marketState', 87, ['epoch', 'previousSequence', 'sequence', 'states']),
  ...LIQUIDATION_MESSAGES,
  notice: message('notice', 90, ['code', 'channel', 'message']),
} as const;

export type MessageName = keyof typeof MESSAGES;
