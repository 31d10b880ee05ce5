import { MESSAGES, type MessageName } from '../protocol/messages.js';
import {
  ACK_RESULTS,
  CANDLE_INTERVALS,
  INSURANCE_REASONS,
  LIQUIDATION_STAGES,
  MARGIN_MODES,
  ORDER_EVENTS,
  ORDER_TYPES,
  PARENT_KINDS,
  POST_ONLY_MODES,
  REASONS,
  SIDES,
  TIMES_IN_FORCE,
  TRANSFER_REASONS,
  TRIGGER_SOURCES,
} from '../protocol/names.js';
import { BRACKET_FIELDS, REQUESTS } from '../protocol/requests.js';
import { choice, DECIMAL_TEXT, FLAG, type Form, ID, MARKET, same, TEXT, UINT } from './forms.js';
import * as values from './values.js';

const INTEGERS = [
  'version',
  'epoch',
  'time',
  'challengeExpiresAt',
  'sequence',
  'previousSequence',
  'accountSequence',
  'count',
  'receivedAtUs',
  'handledInUs',
  'checksum',
  'nextFundingTime',
];
const IDS = [
  'id',
  'accountId',
  'otherAccountId',
  'orderId',
  'tradeId',
  'auctionId',
  'triggerOrderId',
  'ocoOrderId',
  'parentOrderId',
  'expiresAt',
  'endsAt',
  'leverage',
  'part',
  'parts',
  'depth',
  'interval',
];
const TEXTS = ['venue', 'challenge', 'clientOrderId', 'code', 'message', 'op', 'channel'];
const FLAGS = ['postOnly', 'reduceOnly', 'maker', 'closePosition'];

function all(names: readonly string[], form: Form): Record<string, Form> {
  return Object.fromEntries(names.map((name) => [name, form]));
}

/** Forms of fields by name; every other field is decimal text. */
const FORMS: Readonly<Record<string, Form>> = {
  ...all(INTEGERS, UINT),
  ...all(IDS, ID),
  ...all(TEXTS, TEXT),
  ...all(FLAGS, FLAG),
  ...all(['triggerBy', 'takeProfitBy', 'stopLossBy'], choice(TRIGGER_SOURCES)),
  market: MARKET,
  side: choice(SIDES),
  result: choice(ACK_RESULTS),
  event: choice(ORDER_EVENTS),
  orderType: choice(ORDER_TYPES),
  timeInForce: choice(TIMES_IN_FORCE),
  postOnly: choice(POST_ONLY_MODES),
  reason: choice(REASONS),
  kind: choice(PARENT_KINDS),
  stage: choice(LIQUIDATION_STAGES),
  marginMode: choice(MARGIN_MODES),
  // What is in it depends on the request, see `doneSchema`.
  data: same({}),
  bids: same(values.LEVELS),
  asks: same(values.LEVELS),
  changes: same(values.ORDER_CHANGES),
  trades: same(values.TRADES),
  candles: same(values.CANDLES),
  guards: same(values.GUARDS),
  states: same(values.STATES),
  auctions: same(values.AUCTIONS),
  fills: same(values.LIQUIDATION_FILLS),
  deleveragings: same(values.DELEVERAGINGS),
  positions: same(values.POSITIONS),
  orders: same(values.OPEN_ORDERS),
  leverages: same(values.LEVERAGES),
  isolated: same(values.ISOLATED),
  twaps: same(values.TWAPS),
};

/** Where a field of one message is another thing than elsewhere. */
const OWN_FORMS: Readonly<Partial<Record<MessageName, Readonly<Record<string, Form>>>>> = {
  transfer: { reason: choice(TRANSFER_REASONS) },
  insurance: { reason: choice(INSURANCE_REASONS) },
  candles: { interval: choice(CANDLE_INTERVALS) },
  candlesSnapshot: { interval: choice(CANDLE_INTERVALS) },
  ordersSnapshot: { bids: same(values.RESTING_ORDERS), asks: same(values.RESTING_ORDERS) },
  liquidationsSnapshot: { auctions: same(values.OPEN_AUCTIONS) },
  positionsAtRisk: { positions: same(values.RISK_POSITIONS) },
  positionsAtRiskSnapshot: { positions: same(values.RISK_POSITIONS) },
  done: { op: same({ type: 'string', enum: Object.keys(REQUESTS) }) },
};

const BOOK_OPTIONAL = ['depth', 'interval'];
const BBO_OPTIONAL = ['bidPrice', 'bidQty', 'askPrice', 'askQty'];
const MARK_OPTIONAL = ['markPrice', 'indexPrice', 'nextFundingTime'];
const EXCHANGE_ONLY = ['sequence', 'time', 'receivedAtUs', 'handledInUs'];

/** Fields that may be absent, which in msgpack is nil or, at the end, nothing. */
const OPTIONAL: Readonly<Partial<Record<MessageName, readonly string[]>>> = {
  ack: MESSAGES.ack.fields.slice(2),
  error: ['id', ...EXCHANGE_ONLY],
  order: [
    'clientOrderId',
    'price',
    'qty',
    'remaining',
    'reason',
    ...MESSAGES.order.fields.slice(MESSAGES.order.fields.indexOf('canceledQty')),
    'expiresAt',
  ],
  fill: ['clientOrderId'],
  balance: ['otherAccountId'],
  liquidation: ['market'],
  transfer: ['auctionId'],
  parent: [
    'clientOrderId',
    'price',
    'lastPrice',
    'count',
    'endsAt',
    'filledValue',
    'averagePrice',
    'reason',
  ],
  bracket: ['clientOrderId', ...BRACKET_FIELDS],
  bookSnapshot: BOOK_OPTIONAL,
  bookDelta: BOOK_OPTIONAL,
  bbo: BBO_OPTIONAL,
  bboSnapshot: BBO_OPTIONAL,
  mark: MARK_OPTIONAL,
  markSnapshot: MARK_OPTIONAL,
};

export function formOf(message: MessageName, field: string): Form {
  return OWN_FORMS[message]?.[field] ?? FORMS[field] ?? DECIMAL_TEXT;
}

export function isOptional(message: MessageName, field: string): boolean {
  return OPTIONAL[message]?.includes(field) === true;
}
