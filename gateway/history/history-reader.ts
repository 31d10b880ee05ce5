import type { Database } from 'better-sqlite3';
import { accountRows } from './account-pages.js';
import { encodeCursor } from './cursor.js';
import { candleRows, fundingRateRows, tradeRows } from './market-pages.js';
import type { Page, Question } from './question.js';
import { VIEWS } from './views.js';

interface Position {
  sequence: number;
  timeMs: number;
}

/** Answers one question from a shard's history, all of it as of one commit. */
export function readPage(database: Database, question: Question): Page {
  return database.transaction(() => page(database, question))();
}

function page(database: Database, question: Question): Page {
  const { sequence, timeMs } = database
    .prepare('SELECT sequence, time_ms AS timeMs FROM position')
    .get() as Position;
  const rows = rowsOf(database, question, timeMs);
  const more = rows.length > question.limit;
  const shown = more ? rows.slice(0, question.limit) : rows;
  const view = VIEWS[question.table] as (row: object, units: unknown) => object;
  const units = new Map(question.markets.map((market) => [market.marketId, market]));
  const data = shown.map((row) => view(row, units.get((row as { marketId: number }).marketId)));
  const last = shown.at(-1);
  return {
    data,
    next: nextCursor(question, last === undefined ? question.after : keyOf(question, last), more),
    more,
    asOf: { sequence, time: timeMs },
  };
}

function rowsOf(database: Database, question: Question, nowMs: number): object[] {
  switch (question.table) {
    case 'trades':
      return tradeRows(database, question);
    case 'candles':
      return candleRows(database, question, nowMs);
    case 'fundingRates':
      return fundingRateRows(database, question);
    default:
      return accountRows(database, question);
  }
}

/** Oldest first, the end of what there is today is where tomorrow's rows begin. The last candle, though, may still change. */
function nextCursor(question: Question, key: number | null, more: boolean): string | null {
  const goesOn = more || (!question.newestFirst && question.table !== 'candles');
  return goesOn && key !== null ? encodeCursor(question.cursorTag, key) : null;
}

function keyOf({ table }: Question, row: object): number {
  const { accountSequence, startMs, timeMs, tradeId } = row as Record<string, number>;
  if (table === 'trades') return tradeId as number;
  if (table === 'fundingRates') return timeMs as number;
  return (table === 'candles' ? startMs : accountSequence) as number;
}
