/**
 * What clients ask, as tables: in JSON an object with `op`, `id` and these fields, in msgpack an array of code, id and the fields in this
 * order. Codes and positions are never reused, new fields are appended. PROTOCOL.md explains each of them.
 */
export interface RequestShape {
  readonly name: string;
  readonly code: number;
  readonly fields: readonly string[];
}

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
export const BRACKET_FIELDS = [
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
  login: request('login', 8, [
    'publicKey',
    'apiKey',
    'challenge',
    'time',
    'signature',
    'accountId',
  ]),
  subscribe: request('subscribe', 9, ['channel', 'epoch', 'sequence']),
  unsubscribe: request('unsubscribe', 10, ['channel']),
  ping: request('ping', 11, []),
  time: request('time', 12, []),
  instruments: request('instruments', 13, []),
  cancelAllAfter: request('cancelAllAfter', 17, ['timeout', ...WINDOW_FIELDS]),
  setCancelOnDisconnect: request('setCancelOnDisconnect', 18, ['enabled']),
  createKey: request('createKey', 23, [
    'label',
    'permissions',
    'addresses',
    'expiresAt',
    'publicKey',
  ]),
  keys: request('keys', 24, []),
  revokeKey: request('revokeKey', 25, ['apiKey']),
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
  orderStatus: request('orderStatus', 26, ['market', 'orderId', 'clientOrderId']),
  transfer: request('transfer', 27, ['to', 'amount', 'from', 'idempotencyKey', ...WINDOW_FIELDS]),
  createSubAccount: request('createSubAccount', 28, ['number', ...WINDOW_FIELDS]),
  subAccounts: request('subAccounts', 29, []),
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
  'cancelAllAfter',
  'setLeverage',
  'takeOver',
  'setMarginMode',
  'moveMargin',
  'placeScaled',
  'placeTwap',
]);

/** Requests about sub-accounts that become a command of the shard. */
export const FAMILY_REQUESTS: ReadonlySet<string> = new Set(['transfer', 'createSubAccount']);
