import type { Database } from 'better-sqlite3';
import { CANDLES, FUNDING_RATES, rowOf, selectList, TRADES } from './columns.js';
import { firstTradeFrom } from './market-pages.js';
import type { CandleRow, FundingRateRow, TradeRow } from './rows.js';

/** Asks for rows as they are, for a door that makes something else of them than pages. */
export type RowsQuestion =
  | CandleRowsQuestion
  | TradeRowsQuestion
  | OrderTradesQuestion
  | FundingRowsQuestion;

export interface CandleRowsQuestion {
  table: 'candleRows';
  /** The market's host. */
  shardId: number;
  marketId: number;
  /** One of INTERVALS_MS. */
  intervalMs: number;
  /** Begins of candles, both inclusive. */
  fromMs: number;
  toMs: number;
  /** So many at most: the newest, or the oldest. */
  limit: number;
  newest: boolean;
}

export interface TradeRowsQuestion {
  table: 'tradeRows';
  shardId: number;
  marketId: number;
  /** From this number on; null: the newest. */
  fromId: number | null;
  limit: number;
}

/** Whole orders only: all that one command has traded of an order. */
export interface OrderTradesQuestion {
  table: 'orderTrades';
  shardId: number;
  marketId: number;
  /** Orders whose first trade is this one or later, and within these times, both inclusive. */
  fromId: number;
  fromMs: number;
  toMs: number;
  /** So many orders and prices at most: the newest, or the oldest. */
  limit: number;
  newest: boolean;
}

export interface FundingRowsQuestion {
  table: 'fundingRows';
  shardId: number;
  marketId: number;
  /** Both inclusive. */
  fromMs: number;
  toMs: number;
  limit: number;
  newest: boolean;
}

interface RowsByTable {
  candleRows: CandleRow[];
  tradeRows: TradeRow[];
  orderTrades: OrderTrade[];
  fundingRows: FundingRateRow[];
}

/** What one command has traded of one taker's order at one price. */
export interface OrderTrade extends TradeRow {
  /** `tradeId` is the first one; `qtyLots` is of all. */
  lastTradeId: number;
}

const READERS: Readonly<
  Record<RowsQuestion['table'], (database: Database, question: never) => object[]>
> = {
  candleRows: readCandles,
  tradeRows: readTrades,
  orderTrades: readOrderTrades,
  fundingRows: readFundingRates,
};

export function isRowsQuestion(question: { table: string }): question is RowsQuestion {
  return question.table in READERS;
}

export type RowsOf<Asked extends RowsQuestion> = RowsByTable[Asked['table']];

/** Oldest first; periods without a trade have no row. */
export function readRows(database: Database, question: RowsQuestion): object[] {
  return READERS[question.table](database, question as never);
}

function readCandles(database: Database, question: CandleRowsQuestion): CandleRow[] {
  const { marketId, intervalMs, fromMs, toMs, limit, newest } = question;
  const text =
    `SELECT ${selectList(CANDLES)} FROM candles WHERE market_id = ? AND interval_ms = ? ` +
    `AND start_ms BETWEEN ? AND ? ORDER BY start_ms ${newest ? 'DESC' : 'ASC'} LIMIT ?`;
  const records = database.prepare(text).all(marketId, intervalMs, fromMs, toMs, limit) as object[];
  const rows = records.map((record) => rowOf(CANDLES, record));
  return newest ? rows.reverse() : rows;
}

function readTrades(database: Database, question: TradeRowsQuestion): TradeRow[] {
  const { marketId, fromId, limit } = question;
  const order = fromId === null ? 'DESC' : 'ASC';
  const text =
    `SELECT ${selectList(TRADES)} FROM trades WHERE market_id = ? AND trade_id >= ? ` +
    `ORDER BY trade_id ${order} LIMIT ?`;
  const records = database.prepare(text).all(marketId, fromId ?? 0, limit) as object[];
  const rows = records.map((record) => rowOf(TRADES, record));
  return fromId === null ? rows.reverse() : rows;
}

/** Trades are walked one by one until there are enough: how many belong to one order nobody knows before. */
function readOrderTrades(database: Database, question: OrderTradesQuestion): OrderTrade[] {
  const { marketId, fromMs, toMs, limit, newest } = question;
  // What a command trades has one time, so times cut no order in the middle; a number may.
  const from = Math.max(question.fromId, firstTradeFrom(database, marketId, fromMs));
  const text =
    `SELECT ${selectList(TRADES)} FROM trades WHERE market_id = ? AND trade_id BETWEEN ? AND ? ` +
    `ORDER BY trade_id ${newest ? 'DESC' : 'ASC'}`;
  const to =
    toMs >= Number.MAX_SAFE_INTEGER ? toMs : firstTradeFrom(database, marketId, toMs + 1) - 1;
  const found: OrderTrade[] = [];
  for (const record of database.prepare(text).iterate(marketId, from - 1, to)) {
    const trade = rowOf(TRADES, record as object);
    const last = found.at(-1);
    if (last !== undefined && isOfOneOrder(last, trade)) addTrade(last, trade);
    // One more: the first of them may have begun before.
    else if (found.length > limit) break;
    else found.push({ ...trade, lastTradeId: trade.tradeId });
  }
  const whole = found.filter(({ tradeId }) => tradeId >= from).slice(0, limit);
  return newest ? whole.reverse() : whole;
}

function isOfOneOrder(one: TradeRow, other: TradeRow): boolean {
  return (
    one.sequence === other.sequence &&
    one.takerOrderId === other.takerOrderId &&
    one.priceTicks === other.priceTicks
  );
}

function addTrade(sum: OrderTrade, trade: TradeRow): void {
  sum.tradeId = Math.min(sum.tradeId, trade.tradeId);
  sum.lastTradeId = Math.max(sum.lastTradeId, trade.tradeId);
  sum.qtyLots += trade.qtyLots;
}

function readFundingRates(database: Database, question: FundingRowsQuestion): FundingRateRow[] {
  const { marketId, fromMs, toMs, limit, newest } = question;
  const text =
    `SELECT ${selectList(FUNDING_RATES)} FROM funding_rates WHERE market_id = ? AND time_ms BETWEEN ? AND ? ` +
    `ORDER BY time_ms ${newest ? 'DESC' : 'ASC'} LIMIT ?`;
  const records = database.prepare(text).all(marketId, fromMs, toMs, limit) as object[];
  const rows = records.map((record) => rowOf(FUNDING_RATES, record));
  return newest ? rows.reverse() : rows;
}
