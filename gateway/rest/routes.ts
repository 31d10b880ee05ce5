import { ACCOUNT_ID_MAX } from '../../engine/units/units.js';
import type { Question } from '../history/question.js';
import { CANDLE_INTERVALS } from '../protocol/names.js';
import { ROW_SCHEMAS, type RowSchema } from './schemas.js';

export const ROWS_DEFAULT = 100;
export const ROWS_MAX = 1_000;
/** The last millisecond that a JavaScript date can name. */
export const TIME_MS_MAX = 8_640_000_000_000_000;

/** A parameter of the query string; what is not in the table is refused. */
export interface Parameter {
  readonly name: string;
  readonly kind: 'market' | 'integer' | 'choice' | 'cursor' | 'name';
  readonly isRequired: boolean;
  readonly description: string;
  /** Of integers. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** Shown; absent: there is none. */
  readonly fallback?: number | string;
}

/** A route that gives pages of rows. The server, its checks and the OpenAPI document are all made of this table. */
export interface PageRoute {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly table: Question['table'];
  /** Rows are of the account that signs. */
  readonly isPrivate: boolean;
  readonly parameters: readonly Parameter[];
  readonly row: RowSchema;
}

const MARKET: Parameter = {
  name: 'market',
  kind: 'market',
  isRequired: false,
  description: 'Symbol of a market, such as BTC-PERP; all markets without it.',
};
const THE_MARKET: Parameter = {
  ...MARKET,
  isRequired: true,
  description: 'Symbol of the market, such as BTC-PERP.',
};
const ORDER_ID: Parameter = {
  name: 'orderId',
  kind: 'integer',
  isRequired: false,
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Only what belongs to this order; needs market.',
};
const ACCOUNT: Parameter = {
  name: 'accountId',
  kind: 'integer',
  isRequired: false,
  minimum: 1,
  maximum: ACCOUNT_ID_MAX,
  description: 'A sub-account of the account that signs; absent: that account itself.',
};
const FROM: Parameter = {
  name: 'from',
  kind: 'integer',
  isRequired: false,
  minimum: 0,
  maximum: TIME_MS_MAX,
  description: 'Rows of this time (ms since 1970) and later; candles that begin then or later.',
};
const TO: Parameter = {
  ...FROM,
  name: 'to',
  description: 'Rows before this time (ms since 1970).',
};
const SORT: Parameter = {
  name: 'sort',
  kind: 'choice',
  isRequired: false,
  choices: ['newest', 'oldest'],
  fallback: 'newest',
  description: 'Which rows come first.',
};
const LIMIT: Parameter = {
  name: 'limit',
  kind: 'integer',
  isRequired: false,
  minimum: 1,
  maximum: ROWS_MAX,
  fallback: ROWS_DEFAULT,
  description: 'Rows of a page.',
};
const CURSOR: Parameter = {
  name: 'cursor',
  kind: 'cursor',
  isRequired: false,
  description: 'next of the page before this one, with the same parameters but limit.',
};
const INTERVAL: Parameter = {
  name: 'interval',
  kind: 'choice',
  isRequired: true,
  choices: CANDLE_INTERVALS,
  description: 'Length of a candle.',
};
const PAGE = [FROM, TO, SORT, LIMIT, CURSOR];

function ofAccount(name: string, table: Question['table'], summary: string, hasOrders = false) {
  return {
    path: `/v1/history/${name}`,
    operationId: `history${name.replace(/(?:^|-)[a-z]/g, (part) => part.slice(-1).toUpperCase())}`,
    summary,
    table,
    isPrivate: true,
    parameters: [MARKET, ...(hasOrders ? [ORDER_ID] : []), ACCOUNT, ...PAGE],
    row: ROW_SCHEMAS[table],
  };
}

export const PAGE_ROUTES: readonly PageRoute[] = [
  ofAccount(
    'orders',
    'orders',
    'Orders by the time they were accepted, each once, as they stand now.',
    true,
  ),
  ofAccount(
    'order-changes',
    'changes',
    'What was amended, attached, triggered or refused later.',
    true,
  ),
  ofAccount('fills', 'fills', 'Fills.', true),
  ofAccount('funding', 'funding', 'Funding paid and received.'),
  ofAccount(
    'transfers',
    'transfers',
    'Deposits, withdrawals, transfers between accounts of one owner, and margin moved to and from positions.',
  ),
  ofAccount('liquidations', 'liquidations', 'Stages, position transfers and insurance payments.'),
  {
    path: '/v1/trades',
    operationId: 'trades',
    summary: 'Trades of a market.',
    table: 'trades',
    isPrivate: false,
    parameters: [THE_MARKET, ...PAGE],
    row: ROW_SCHEMAS.trades,
  },
  {
    path: '/v1/funding-rates',
    operationId: 'fundingRates',
    summary: 'Funding rates of a market, each as it was paid.',
    table: 'fundingRates',
    isPrivate: false,
    parameters: [THE_MARKET, ...PAGE],
    row: ROW_SCHEMAS.fundingRates,
  },
  {
    path: '/v1/candles',
    operationId: 'candles',
    summary: 'Candles of a market, without gaps.',
    table: 'candles',
    isPrivate: false,
    parameters: [THE_MARKET, INTERVAL, ...PAGE],
    row: ROW_SCHEMAS.candles,
  },
];

/** What has become of one order of the account that signs. */
export const ORDER_STATUS_ROUTE = {
  path: '/v1/orders/status',
  operationId: 'orderStatus',
  summary: 'What has become of an order, by its id or by its client id; never unknown.',
  parameters: [
    THE_MARKET,
    { ...ORDER_ID, description: 'The id of the exchange; or else name clientOrderId.' },
    {
      name: 'clientOrderId',
      kind: 'name',
      isRequired: false,
      description: "The client's own id; or else name orderId.",
    },
  ] satisfies Parameter[],
};
