import type { Database } from 'better-sqlite3';
import {
  CANDLES,
  columnOf,
  FUNDING_RATES,
  rowOf,
  selectList,
  type TableColumns,
  TRADES,
} from './columns.js';
import { candleStart } from './intervals.js';
import type { Question } from './question.js';
import type { CandleRow, FundingRateRow, TradeRow } from './rows.js';
import { firstKeyFrom } from './time-search.js';

const MAX_KEY = Number.MAX_SAFE_INTEGER;

/** Trades of a market by their id, at most `limit` and one more. */
export function tradeRows(database: Database, question: Question): TradeRow[] {
  const { marketId, fromMs, toMs } = question;
  const low = fromMs === null ? 0 : firstTradeFrom(database, marketId, fromMs);
  const high = toMs === null ? MAX_KEY : firstTradeFrom(database, marketId, toMs) - 1;
  return pageOf(database, TRADES, 'tradeId', question, low, high);
}

/** Rates of a market by their time, at most `limit` and one more. */
export function fundingRateRows(database: Database, question: Question): FundingRateRow[] {
  const { fromMs, toMs } = question;
  const high = toMs === null ? MAX_KEY : toMs - 1;
  return pageOf(database, FUNDING_RATES, 'timeMs', question, fromMs ?? 0, high);
}

/** Rows of a market whose keys are within these, both inclusive, and behind the page before. */
function pageOf<Row>(
  database: Database,
  columns: TableColumns<Row>,
  key: keyof Row & string,
  { after, limit, marketId, newestFirst }: Question,
  low: number,
  high: number,
): Row[] {
  const from = after !== null && !newestFirst ? Math.max(low, after + 1) : low;
  const to = after !== null && newestFirst ? Math.min(high, after - 1) : high;
  const column = columnOf(key);
  const text =
    `SELECT ${selectList(columns)} FROM ${columns.table} WHERE market_id = ? AND ${column} BETWEEN ? AND ? ` +
    `ORDER BY ${column} ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?`;
  const records = database.prepare(text).all(marketId, from, to, limit + 1) as object[];
  return records.map((record) => rowOf(columns, record));
}

/** Id of the first trade of a market that is not before a time; one more than the last when all are. */
export function firstTradeFrom(database: Database, marketId: number, timeMs: number): number {
  const next = database.prepare(
    'SELECT trade_id AS key, time_ms AS timeMs FROM trades ' +
      'WHERE market_id = ? AND trade_id >= ? ORDER BY trade_id LIMIT 1',
  );
  return firstKeyFrom(timeMs, (key) => next.get(marketId, key));
}

/**
 * Candles without gaps, at most `limit` and one more: from the market's first trade on every period has one. Where nothing was traded
 * its four prices are the last close, and volume and trades are zero; such candles are in no table but made here. The last period is the one that
 * `nowMs` is in.
 */
export function candleRows(database: Database, question: Question, nowMs: number): CandleRow[] {
  const { marketId, intervalMs, fromMs, toMs, newestFirst, limit, after } = question;
  const text = `SELECT ${selectList(CANDLES)} FROM candles WHERE market_id = ? AND interval_ms = ?`;
  const firstRecord = database
    .prepare(`${text} ORDER BY start_ms LIMIT 1`)
    .get(marketId, intervalMs);
  if (firstRecord === undefined) return [];
  const first = rowOf(CANDLES, firstRecord as object).startMs;
  let low = Math.max(first, Math.ceil((fromMs ?? 0) / intervalMs) * intervalMs);
  let high = candleStart(nowMs, intervalMs);
  if (toMs !== null) high = Math.min(high, Math.ceil(toMs / intervalMs) * intervalMs - intervalMs);
  if (after !== null && newestFirst) high = Math.min(high, after - intervalMs);
  if (after !== null && !newestFirst) low = Math.max(low, after + intervalMs);
  // The page and one candle more.
  if (newestFirst) low = Math.max(low, high - limit * intervalMs);
  else high = Math.min(high, low + limit * intervalMs);
  if (low > high) return [];
  const records = database
    .prepare(`${text} AND start_ms BETWEEN ? AND ? ORDER BY start_ms`)
    .all(marketId, intervalMs, low, high) as object[];
  const before = database
    .prepare(`${text} AND start_ms < ? ORDER BY start_ms DESC LIMIT 1`)
    .get(marketId, intervalMs, low) as object | undefined;
  const traded = records.map((record) => rowOf(CANDLES, record));
  const last = before === undefined ? null : rowOf(CANDLES, before);
  const candles = withoutGaps(traded, last, low, high, intervalMs);
  return newestFirst ? candles.reverse() : candles;
}

function withoutGaps(
  traded: readonly CandleRow[],
  before: CandleRow | null,
  low: number,
  high: number,
  intervalMs: number,
): CandleRow[] {
  const candles: CandleRow[] = [];
  let last = before;
  let next = 0;
  for (let startMs = low; startMs <= high; startMs += intervalMs) {
    const candle = traded[next];
    if (candle?.startMs === startMs) {
      last = candle;
      next++;
      candles.push(candle);
    } else if (last !== null) candles.push(flatCandle(last, startMs));
  }
  return candles;
}

function flatCandle(last: CandleRow, startMs: number): CandleRow {
  const { closeTicks } = last;
  return {
    ...last,
    startMs,
    openTicks: closeTicks,
    highTicks: closeTicks,
    lowTicks: closeTicks,
    volumeLots: 0n,
    valueTickLots: 0n,
    trades: 0,
    takerBuyLots: 0n,
    takerBuyTickLots: 0n,
  };
}
