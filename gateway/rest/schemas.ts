import type { Question } from '../history/question.js';
import {
  CASH_TRANSFER_KINDS,
  INSURANCE_REASONS,
  LIQUIDATION_EVENTS,
  LIQUIDATION_STAGES,
  ORDER_KINDS,
  ORDER_STATUSES,
  ORDER_TYPES,
  POST_ONLY_MODES,
  REASONS,
  SIDES,
  TIMES_IN_FORCE,
  TRANSFER_REASONS,
  TRIGGER_SOURCES,
} from '../protocol/names.js';

/** JSON Schema, as far as it is needed here. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | null)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  /** One for all, or one for each place. */
  readonly items?: Schema | readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly additionalItems?: boolean;
  readonly $ref?: string;
  readonly const?: string | number;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly if?: Schema;
  readonly then?: Schema;
  readonly default?: number | string;
}

/** Fields of a row; each is always there. */
export type RowSchema = Readonly<Record<string, Schema>>;

const DECIMAL_PATTERN = '^-?[0-9]+(\\.[0-9]+)?$';
const decimal = (description: string): Schema => {
  return { type: 'string', pattern: DECIMAL_PATTERN, description };
};
const decimalOrNull = (description: string): Schema => {
  return { type: ['string', 'null'], pattern: DECIMAL_PATTERN, description };
};
const id = (description: string): Schema => ({ type: 'integer', minimum: 1, description });
const idOrNull = (description: string): Schema => {
  return { type: ['integer', 'null'], minimum: 1, description };
};
const text = (description: string): Schema => ({ type: 'string', description });
const textOrNull = (description: string): Schema => ({ type: ['string', 'null'], description });
const flag = (description: string): Schema => ({ type: 'boolean', description });
const flagOrNull = (description: string): Schema => ({ type: ['boolean', 'null'], description });
const oneOf = (names: readonly string[], description: string): Schema => {
  return { type: 'string', enum: names, description };
};
const oneOfOrNull = (names: readonly string[], description: string): Schema => {
  return { type: ['string', 'null'], enum: [...names, null], description };
};
const time = (description: string): Schema => {
  return { type: 'integer', minimum: 0, description: `${description}, ms since 1970` };
};

const MARKET = text('Symbol of the market.');
/** Of every row of an account. */
const PLACE: RowSchema = {
  accountSequence: id('Number of the event in the private feed.'),
  sequence: id("Number of the command in the exchange's journal that caused it."),
  time: time('When'),
};

const BRACKET: RowSchema = {
  takeProfitPrice: decimalOrNull('Of a bracket: trigger price of the take-profit.'),
  takeProfitLimit: decimalOrNull('Its limit; null: a market order.'),
  takeProfitBy: oneOfOrNull(TRIGGER_SOURCES, 'Price that it waits for.'),
  stopLossPrice: decimalOrNull('Of a bracket: trigger price of the stop.'),
  stopLossLimit: decimalOrNull('Its limit; null: a market order.'),
  stopLossBy: oneOfOrNull(TRIGGER_SOURCES, 'Price that it waits for.'),
};

const ORDER: RowSchema = {
  market: MARKET,
  orderId: id('Unique within its market.'),
  clientOrderId: textOrNull("The client's own id."),
  kind: oneOf(
    ORDER_KINDS,
    'An order of the book, one that waits for a price, or one that makes others.',
  ),
  status: oneOf(ORDER_STATUSES, 'As it stands now.'),
  side: oneOf(SIDES, 'Side.'),
  orderType: oneOf(ORDER_TYPES, 'Type.'),
  timeInForce: oneOf(TIMES_IN_FORCE, 'Time in force.'),
  postOnly: oneOf(POST_ONLY_MODES, 'Post-only mode.'),
  reduceOnly: flag('Whether it may only close.'),
  price: decimalOrNull('Limit, as amended last; of a scaled order its first price.'),
  qty: decimal('Quantity, as amended last.'),
  remaining: decimal('What is still open.'),
  filledQty: decimal('What was filled.'),
  averagePrice: decimalOrNull('Of the fills, rounded down to a ten-thousandth of a tick digit.'),
  canceledQty: decimal('What was canceled.'),
  fee: decimal('Fees of its fills in USD, below zero a rebate.'),
  realizedPnl: decimal('Realised profit of its fills in USD, without fees.'),
  reason: oneOfOrNull(REASONS, 'Why it ended.'),
  firstPrice: decimalOrNull('Limit as it was accepted.'),
  firstQty: decimal('Quantity as it was accepted.'),
  expiresAt: idOrNull('When it ends by itself, ms since 1970.'),
  triggerPrice: decimalOrNull('Of a trigger order.'),
  triggerBy: oneOfOrNull(TRIGGER_SOURCES, 'Of a trigger order: the price it waits for.'),
  trailingAmount: decimalOrNull('Of a trailing stop: distance from the best price.'),
  trailingRate: decimalOrNull('The same as a share of that price.'),
  closePosition: flagOrNull('Of a trigger order: it closes all of the position.'),
  ocoOrderId: idOrNull('The one of which only one may fire, if it was named with the order.'),
  triggerOrderId: idOrNull('The trigger order that it comes from.'),
  parentOrderId: idOrNull('The order that it belongs to.'),
  count: idOrNull('Of a scaled order or TWAP: how many orders it makes.'),
  lastPrice: decimalOrNull('Of a scaled order.'),
  duration: idOrNull('Of a TWAP, ms.'),
  ...BRACKET,
  ...PLACE,
  updatedSequence: id('The command that changed it last.'),
  updatedAt: time('When it changed last'),
};

const STATUSES = [...ORDER_STATUSES, 'in_flight', 'not_received'];

export const ORDER_STATUS: RowSchema = {
  status: oneOf(STATUSES, 'Of the order; on its way; or it never came.'),
  market: MARKET,
  orderId: idOrNull('Of the order, or as asked.'),
  clientOrderId: textOrNull("The client's own id."),
  order: {
    ...objectOf(ORDER),
    type: ['object', 'null'],
    description: 'The order as in /v1/history/orders; null: none was accepted.',
  },
  code: textOrNull('Why it was refused, as in error codes, or that it never came.'),
  message: textOrNull('The same as a sentence.'),
  sequence: id("The answer holds for all that is in the home's journal up to here …"),
  since: id('… from here on.'),
  time: time("The exchange's time of the answer"),
};

const CHANGE: RowSchema = {
  market: MARKET,
  orderId: id('The order.'),
  event: oneOf(['amended', 'triggered', 'rejected', 'bracket'], 'What happened.'),
  price: decimalOrNull('Of an amended order of the book: the new one.'),
  qty: decimalOrNull('The new quantity.'),
  remaining: decimalOrNull('What was open then.'),
  reason: oneOfOrNull(REASONS, 'Why.'),
  code: textOrNull('Why it was rejected, as in error codes.'),
  ...PLACE,
};

const FILL: RowSchema = {
  market: MARKET,
  orderId: id('The order.'),
  clientOrderId: textOrNull("The client's own id."),
  tradeId: id('The trade; both sides have the same.'),
  side: oneOf(SIDES, 'Side.'),
  price: decimal('Price.'),
  qty: decimal('Quantity.'),
  remaining: decimal('What is open of the order after it.'),
  maker: flag('Whether this order was resting.'),
  liquidation: flag('Whether the order was one of a liquidation of this account.'),
  fee: decimal('Fee in USD, below zero a rebate.'),
  realizedPnl: decimal('Realised profit in USD, without the fee.'),
  position: decimal('Position after it, signed.'),
  entryValue: decimal('Entry value of that position, signed.'),
  collateral: decimal('Collateral of the account after it, in USD.'),
  ...PLACE,
};

const FUNDING: RowSchema = {
  market: MARKET,
  payment: decimal('What the account has paid in USD, below zero what it got.'),
  fundingRate: decimal('Rate for 8 hours.'),
  intervalHours: decimal('Length of the interval.'),
  indexPrice: decimal('Index price.'),
  position: decimal('Position, signed.'),
  collateral: decimal('Collateral of the account after it, in USD.'),
  ...PLACE,
};

const TRANSFER: RowSchema = {
  kind: oneOf(
    CASH_TRANSFER_KINDS,
    'margin: between the account and its isolated position; transfer: between accounts of one owner.',
  ),
  market: textOrNull('Of margin: the market.'),
  change: decimal("Change of the account's collateral in USD, signed."),
  collateral: decimal('Collateral of the account after it, in USD.'),
  positionCollateral: decimalOrNull('Of margin: what the position has after it.'),
  otherAccountId: idOrNull('Of a transfer: the account that paid, or was paid.'),
  ...PLACE,
};

const LIQUIDATION: RowSchema = {
  event: oneOf(LIQUIDATION_EVENTS, 'Which of the fields below mean something.'),
  market: textOrNull('The market; of a stage: the isolated position there, null is the account.'),
  stage: oneOfOrNull(LIQUIDATION_STAGES, 'Stage of the liquidation.'),
  reason: oneOfOrNull(
    [...new Set([...TRANSFER_REASONS, ...INSURANCE_REASONS])],
    'Of a transfer or an insurance payment.',
  ),
  side: oneOfOrNull(SIDES, "This account's side of a position transfer."),
  price: decimalOrNull('Price of a position transfer.'),
  qty: decimalOrNull('Quantity of a position transfer.'),
  auctionId: idOrNull('The auction that it comes from.'),
  realizedPnl: decimalOrNull('Realised profit of a position transfer.'),
  payment: decimalOrNull(
    'What the account has paid to the insurance fund, below zero what it got.',
  ),
  equity: decimalOrNull('Equity at a stage.'),
  maintenanceMargin: decimalOrNull('Maintenance margin at a stage.'),
  position: decimalOrNull('Position after a transfer, signed.'),
  entryValue: decimalOrNull('Entry value of that position.'),
  collateral: decimal('Collateral of the account after it, in USD.'),
  ...PLACE,
};

const TRADE: RowSchema = {
  tradeId: id('From 1 without a gap.'),
  price: decimal('Price.'),
  qty: decimal('Quantity.'),
  takerSide: oneOf(SIDES, 'Side of the taker.'),
  liquidation: flag('Whether the taker was a liquidation.'),
  sequence: id("Number of the command in the exchange's journal."),
  time: time('When'),
};

const FUNDING_RATE: RowSchema = {
  market: MARKET,
  fundingRate: decimal('Rate for 8 hours; 0 also where nothing was paid.'),
  premium: decimal('Mean premium of the interval that it comes from.'),
  indexPrice: decimal('Index price that it was paid on.'),
  sequence: id("Number of the command in the exchange's journal."),
  time: time('When'),
};

const CANDLE: RowSchema = {
  start: time('Beginning of the period'),
  open: decimal('First price.'),
  high: decimal('Highest price.'),
  low: decimal('Lowest price.'),
  close: decimal('Last price.'),
  volume: decimal('Sum of quantities.'),
  value: decimal('Sum of price × quantity.'),
  trades: { type: 'integer', minimum: 0, description: 'Number of trades.' },
};

export const ROW_SCHEMAS: Readonly<Record<Question['table'], RowSchema>> = {
  orders: ORDER,
  changes: CHANGE,
  fills: FILL,
  funding: FUNDING,
  transfers: TRANSFER,
  liquidations: LIQUIDATION,
  trades: TRADE,
  candles: CANDLE,
  fundingRates: FUNDING_RATE,
};

const TIER: RowSchema = {
  notionalFloor: decimal('From this notional on, in USD.'),
  initialMarginRate: decimal('Initial margin rate of that part.'),
  maintenanceMarginRate: decimal('Maintenance margin rate of that part.'),
};

export const INSTRUMENT: RowSchema = {
  market: MARKET,
  marketId: id('Number of the market.'),
  tickSize: decimal('Prices are multiples of it.'),
  lotSize: decimal('Quantities are multiples of it.'),
  priceMax: decimal('Highest price.'),
  qtyMax: decimal('Largest quantity of an order.'),
  minNotional: decimal('Least price × quantity of an order.'),
  priceBand: decimal('How far from the mark an order may be, as a share.'),
  initialMarginRate: decimal('Initial margin rate.'),
  maintenanceMarginRate: decimal('Maintenance margin rate.'),
  openOrdersMax: { type: 'integer', minimum: 0, description: 'Open orders of an account.' },
  marginTiers: { type: 'array', items: objectOf(TIER), description: 'Margin by notional.' },
  openInterestMax: decimalOrNull('Cap of the open interest.'),
  positionMax: decimalOrNull('Cap of a position.'),
  state: text('State of the market.'),
};

export const TIME: RowSchema = { time: time("The exchange's time") };

/** An object with exactly these fields. */
export function objectOf(fields: RowSchema): Schema {
  return {
    type: 'object',
    properties: fields,
    required: Object.keys(fields),
    additionalProperties: false,
  };
}
