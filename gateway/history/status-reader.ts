import type { Database } from 'better-sqlite3';
import { EVT_TRIGGER_REJECTED } from '../../engine/messages/types.js';
import {
  ASKED,
  CHANGES,
  ORDERS,
  REJECTIONS,
  rowOf,
  selectList,
  type TableColumns,
} from './columns.js';
import { type AskedRow, type OrderRow, type RejectionRow, STATUS_REJECTED } from './rows.js';

/** Asks for one order of an account. */
export interface StatusQuestion {
  table: 'status';
  /** The account's home. */
  shardId: number;
  accountId: number;
  marketId: number;
  /** One of the two; 0 and empty are none. */
  orderId: number;
  clientOrderId: string;
  /** The answer is worth nothing before the history has come so far. */
  sequence: number;
}

/** Why an order was refused: at its command, or when it fired. */
export type Refused = Pick<RejectionRow, 'code' | 'value' | 'limitValue' | 'sequence' | 'timeMs'>;

/** What the history knows of it; all three null: nothing. */
export interface FoundStatus {
  /** How far the history has come; when it is less than was asked for, nothing else counts. */
  sequence: number;
  /** All that happened after this sequence is remembered. */
  rememberedAfter: number;
  order: OrderRow | null;
  refused: Refused | null;
  /** It is on its way between shards. */
  asked: AskedRow | null;
}

interface Position {
  sequence: number;
  rememberedAfter: number;
}

/**
 * The newest order of the account under a name, or the newest refusal of one, whichever is later: who uses a client id again after the
 * exchange has forgotten it asks for what he did last.
 */
export function readStatus(database: Database, question: StatusQuestion): FoundStatus {
  return database.transaction(() => status(database, question))();
}

function status(database: Database, question: StatusQuestion): FoundStatus {
  const position = database
    .prepare('SELECT sequence, MAX(begins_after, named_after) AS rememberedAfter FROM position')
    .get() as Position;
  const nothing = { ...position, order: null, refused: null, asked: null };
  if (position.sequence < question.sequence) return nothing;
  if (question.orderId !== 0) {
    return withOrder(database, nothing, orderById(database, question));
  }
  const order = newestOrder(database, question);
  const refused = newestRejection(database, question);
  const asked = onItsWay(database, question);
  const newest = Math.max(order?.sequence ?? 0, refused?.sequence ?? 0, asked?.sequence ?? 0);
  if (asked !== null && asked.sequence === newest) return { ...nothing, asked };
  if (refused !== null && refused.sequence === newest) return { ...nothing, refused };
  return withOrder(database, nothing, order);
}

function withOrder(database: Database, nothing: FoundStatus, order: OrderRow | null): FoundStatus {
  if (order?.status !== STATUS_REJECTED) return { ...nothing, order };
  const record = database
    .prepare(
      `SELECT ${selectList(CHANGES)} FROM changes INDEXED BY changes_of_order ` +
        'WHERE market_id = ? AND order_id = ? AND type = ? ORDER BY account_sequence DESC LIMIT 1',
    )
    .get(order.marketId, order.orderId, EVT_TRIGGER_REJECTED);
  return { ...nothing, order, refused: found(CHANGES, record) };
}

function orderById(database: Database, question: StatusQuestion): OrderRow | null {
  const record = database
    .prepare(
      `SELECT ${selectList(ORDERS)} FROM orders ` +
        'WHERE market_id = @marketId AND order_id = @orderId AND account_id = @accountId',
    )
    .get(question);
  return found(ORDERS, record);
}

const OF_NAME =
  'WHERE account_id = @accountId AND market_id = @marketId AND client_order_id = @clientOrderId';

function newestOrder(database: Database, question: StatusQuestion): OrderRow | null {
  const record = database
    .prepare(
      `SELECT ${selectList(ORDERS)} FROM orders INDEXED BY orders_of_client_id ${OF_NAME} ` +
        'ORDER BY sequence DESC, order_id DESC LIMIT 1',
    )
    .get(question);
  return found(ORDERS, record);
}

function newestRejection(database: Database, question: StatusQuestion): RejectionRow | null {
  const record = database
    .prepare(
      `SELECT ${selectList(REJECTIONS)} FROM rejections INDEXED BY rejections_of_client_id ${OF_NAME} ` +
        'ORDER BY sequence DESC LIMIT 1',
    )
    .get(question);
  return found(REJECTIONS, record);
}

function onItsWay(database: Database, question: StatusQuestion): AskedRow | null {
  const record = database
    .prepare(`SELECT ${selectList(ASKED)} FROM asked ${OF_NAME} ORDER BY sequence DESC LIMIT 1`)
    .get(question);
  return found(ASKED, record);
}

function found<Row>(columns: TableColumns<Row>, record: unknown): Row | null {
  return record === undefined ? null : rowOf(columns, record as object);
}
