import type { Database } from 'better-sqlite3';
import {
  CHANGES,
  FILLS,
  FUNDING,
  LIQUIDATIONS,
  ORDERS,
  rowOf,
  selectList,
  type TableColumns,
  TRANSFERS,
} from './columns.js';
import type { AccountTable, Question } from './question.js';
import type { AccountRow } from './rows.js';
import { firstKeyFrom } from './time-search.js';

const COLUMNS: Readonly<Record<AccountTable, TableColumns<never>>> = {
  orders: ORDERS,
  changes: CHANGES,
  fills: FILLS,
  funding: FUNDING,
  transfers: TRANSFERS,
  liquidations: LIQUIDATIONS,
} as never;

/**
 * Rows of one account by their number in its feed, at most `limit` and one more, which tells that there are more. Every query names the
 * index that answers it without looking at rows that it does not give.
 */
export function accountRows(database: Database, question: Question): AccountRow[] {
  const { accountId, marketId, orderId, newestFirst, limit, after } = question;
  const table = question.table as AccountTable;
  let low = question.fromMs === null ? 0 : keyFrom(database, question, question.fromMs);
  let high = question.toMs === null ? MAX_KEY : keyFrom(database, question, question.toMs) - 1;
  if (after !== null && newestFirst) high = Math.min(high, after - 1);
  if (after !== null && !newestFirst) low = Math.max(low, after + 1);
  const { index, condition } = wayTo(table, marketId, orderId);
  const columns = COLUMNS[table] as TableColumns<AccountRow>;
  const order = newestFirst ? 'DESC' : 'ASC';
  const text =
    `SELECT ${selectList(columns)} FROM ${table} ${index} WHERE account_id = @accountId ${condition} ` +
    `AND account_sequence BETWEEN @low AND @high ORDER BY account_sequence ${order} LIMIT @count`;
  const values = { accountId, marketId, orderId, low, high, count: limit + 1 };
  const records = database.prepare(text).all(values) as object[];
  return records.map((record) => rowOf(columns, record));
}

const MAX_KEY = Number.MAX_SAFE_INTEGER;

function wayTo(table: AccountTable, marketId: number, orderId: number) {
  if (orderId !== 0) {
    const condition = 'AND market_id = @marketId AND order_id = @orderId';
    // An order is one row, found by its key.
    return { index: table === 'orders' ? '' : `INDEXED BY ${table}_of_order`, condition };
  }
  if (marketId === 0) return { index: `INDEXED BY ${table}_of_account`, condition: '' };
  return {
    index: `INDEXED BY ${table}_of_account_in_market`,
    condition: 'AND market_id = @marketId',
  };
}

function keyFrom(database: Database, { table, accountId }: Question, timeMs: number): number {
  const next = database.prepare(
    `SELECT account_sequence AS key, time_ms AS timeMs FROM ${table} INDEXED BY ${table}_of_account ` +
      'WHERE account_id = ? AND account_sequence >= ? ORDER BY account_sequence LIMIT 1',
  );
  return firstKeyFrom(timeMs, (key) => next.get(accountId, key));
}
