import type { Database } from 'better-sqlite3';
import { CANDLES, rowOf, selectList, TRADES } from './columns.js';
import type { CandleRow, TradeRow } from './rows.js';

/** Asks for rows as they are, for a door that makes something else of them than pages. */
export type RowsQuestion = CandleRowsQuestion | TradeRowsQuestion;

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

export type RowsOf<Asked extends RowsQuestion> = Asked extends CandleRowsQuestion
  ? CandleRow[]
  : TradeRow[];

/** Oldest first; periods without a trade have no row. */
export function readRows(database: Database, question: RowsQuestion): CandleRow[] | TradeRow[] {
  return question.table === 'candleRows'
    ? readCandles(database, question)
    : readTrades(database, question);
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
