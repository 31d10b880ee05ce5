import {
  AUCTION_EVENTS,
  MARGIN_MODES,
  MARKET_STATES,
  ORDER_TYPES,
  POST_ONLY_MODES,
  PRICE_GUARDS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGER_SOURCES,
} from '../protocol/names.js';
import { BRACKET_FIELDS } from '../protocol/requests.js';
import { INSTRUMENT, ORDER_STATUS, objectOf, type Schema, TIME } from '../rest/schemas.js';
import { choice, DECIMAL_TEXT, FLAG, ID, listOf, record, TEXT, UINT } from './forms.js';

/** Lists and objects within messages: names are text and markets symbols there, in both forms. */
const decimal = DECIMAL_TEXT.json;
const text = TEXT.json;
const uint = UINT.json;
const id = ID.json;
const flag = FLAG.json;
const oneOf = (names: readonly string[]) => choice(names).json;
const side = oneOf(SIDES);
const orNothing = (schema: Schema): Schema => ({
  ...schema,
  type: [schema.type as string, 'null'],
});

/** Fixed columns. */
function row(...columns: Schema[]): Schema {
  const count = columns.length;
  return { type: 'array', items: columns, minItems: count, maxItems: count };
}

export const LEVELS = listOf(row(decimal, decimal));
export const RESTING_ORDERS = listOf(row(id, decimal, decimal));
export const ORDER_CHANGES = listOf(row(id, side, decimal, decimal, flag));
export const TRADES = listOf(row(id, decimal, decimal, side, uint));
export const CANDLES = listOf(
  row(uint, decimal, decimal, decimal, decimal, decimal, decimal, uint),
);
export const GUARDS = listOf(oneOf(PRICE_GUARDS));
export const STATES: Schema = { type: 'object', additionalProperties: oneOf(MARKET_STATES) };

const TAKEN = { takenQty: decimal, price: decimal };
const AUCTION = {
  auctionId: id,
  side,
  qty: decimal,
  startTime: { type: 'integer' },
  endTime: uint,
  maxDiscount: decimal,
  bankruptcyPrice: decimal,
};
export const OPEN_AUCTIONS = listOf(record(AUCTION));
export const AUCTIONS = listOf(
  record({ event: oneOf(AUCTION_EVENTS), ...AUCTION, ...TAKEN }, Object.keys(TAKEN)),
);
export const LIQUIDATION_FILLS = listOf(
  record({ tradeId: id, side, price: decimal, qty: decimal }),
);
export const DELEVERAGINGS = listOf(record({ side, qty: decimal, price: decimal }));
export const RISK_POSITIONS = listOf(record({ id, market: text, side, qty: decimal }));

const POSITION = {
  market: text,
  position: decimal,
  entryValue: decimal,
  marginMode: oneOf(MARGIN_MODES),
  collateral: decimal,
  liquidationPrice: decimal,
};
export const POSITIONS = listOf(record(POSITION, ['collateral', 'liquidationPrice']));
export const ISOLATED = listOf(record({ market: text, collateral: decimal }));
export const LEVERAGES = listOf(record({ market: text, leverage: id }));

const bracket = Object.fromEntries(
  BRACKET_FIELDS.map((name) => [name, name.endsWith('By') ? oneOf(TRIGGER_SOURCES) : decimal]),
);
const OPEN_ORDER = {
  market: text,
  orderId: id,
  clientOrderId: text,
  side,
  orderType: oneOf(ORDER_TYPES),
  timeInForce: oneOf(TIMES_IN_FORCE),
  postOnly: oneOf(POST_ONLY_MODES),
  reduceOnly: flag,
  price: decimal,
  qty: decimal,
  remaining: decimal,
  expiresAt: id,
  triggerPrice: decimal,
  triggerBy: oneOf(TRIGGER_SOURCES),
  trailingAmount: decimal,
  trailingRate: decimal,
  ocoOrderId: id,
  closePosition: flag,
  parentOrderId: id,
  ...bracket,
};
const ORDER_ALWAYS = ['market', 'orderId', 'side', 'orderType', 'timeInForce', 'postOnly'];
export const OPEN_ORDERS = listOf(
  record(
    OPEN_ORDER,
    Object.keys(OPEN_ORDER).filter((name) => ![...ORDER_ALWAYS, 'reduceOnly'].includes(name)),
  ),
);
const TWAP = {
  market: text,
  orderId: id,
  clientOrderId: text,
  side,
  reduceOnly: flag,
  price: decimal,
  qty: decimal,
  remaining: decimal,
  count: id,
  endsAt: id,
};
export const TWAPS = listOf(record(TWAP, ['clientOrderId', 'price']));

const KEY = {
  apiKey: text,
  label: text,
  permissions: listOf(text),
  addresses: listOf(text),
  expiresAt: orNothing(id),
  publicKey: orNothing(text),
  createdAt: uint,
};

/** `data` of the answer to each request that the gateway itself does. */
export const DONE_DATA: Readonly<Record<string, Schema>> = {
  login: record({ accountId: id, permissions: listOf(text) }),
  challenge: record({ challenge: text, challengeExpiresAt: uint, time: uint }),
  subscribe: record({ channel: text, resumed: flag }),
  unsubscribe: record({ channel: text }),
  ping: record({}),
  time: objectOf(TIME),
  instruments: listOf(objectOf(INSTRUMENT)),
  positions: record({
    accountSequence: uint,
    collateral: decimal,
    positions: POSITIONS,
    isolated: ISOLATED,
  }),
  setCancelOnDisconnect: record({ enabled: flag }),
  subAccounts: record({
    accounts: listOf(record({ accountId: id, number: uint, collateral: decimal })),
  }),
  createKey: record({ apiKey: text, apiSecret: orNothing(text) }),
  keys: record({ keys: listOf(record(KEY)) }),
  revokeKey: record({ apiKey: text }),
  orderStatus: objectOf(ORDER_STATUS),
  batch: record({ sent: id }),
};
