import type { Database, Statement } from 'better-sqlite3';
import { CandleFold } from './candle-fold.js';
import {
  ASKED,
  CANDLES,
  CHANGES,
  FILLS,
  FUNDING,
  FUNDING_RATES,
  insertText,
  LIQUIDATIONS,
  ORDERS,
  REJECTIONS,
  rowOf,
  selectList,
  type TableColumns,
  TRADES,
  TRANSFERS,
  upsertText,
} from './columns.js';
import { openForWriting } from './database.js';
import { HistoryBatch } from './history-batch.js';
import { TABLES } from './migrations.js';
import type { AskedRow, CandleRow, OrderRow } from './rows.js';

/** What an order never changes. */
const ORDER_FIXED = [
  'accountId',
  'accountSequence',
  'sequence',
  'timeMs',
  'kind',
  'firstPriceTicks',
  'firstQtyLots',
  'clientOrderId',
] as const;

/** How far a history has come in its shard's journal. */
export interface HistoryPosition {
  /** What happened up to here is not in it: 0, unless the beginning of the journal was gone. */
  beginsAfter: number;
  /** Last sequence whose events are in it; always the end of a frame. */
  sequence: number;
  /** Of that frame: the same sequence of another epoch is another history. */
  epoch: number;
  timeMs: number;
}

/**
 * The one writer of a shard's history. Rows go into `batch`; `commit` writes them with the position in one transaction, so whatever
 * happens to the process, the file has exactly the events up to its position. When a commit throws, neither is written, and the store
 * has to be opened again: its candles are further than the file.
 */
export class HistoryStore {
  readonly batch: HistoryBatch;
  private readonly database: Database;
  private readonly candles: CandleFold;
  private readonly writeBatch: (position: HistoryPosition) => CandleRow[];

  constructor(file: string, onNotice: (sentence: string) => void = () => {}) {
    this.database = openForWriting(file, onNotice);
    const { database } = this;
    const findOrder = database.prepare(
      `SELECT ${selectList(ORDERS)} FROM orders WHERE market_id = ? AND order_id = ?`,
    );
    this.batch = new HistoryBatch((marketId, orderId) =>
      found(ORDERS, findOrder, marketId, orderId),
    );
    for (const record of database.prepare(`SELECT ${selectList(ASKED)} FROM asked`).all()) {
      this.batch.asked.add(rowOf(ASKED, record as object));
    }
    const findCandle = database.prepare(
      `SELECT ${selectList(CANDLES)} FROM candles WHERE market_id = ? AND interval_ms = ? ` +
        'ORDER BY start_ms DESC LIMIT 1',
    );
    this.candles = new CandleFold((marketId, intervalMs) => {
      return found(CANDLES, findCandle, marketId, intervalMs);
    });
    this.writeBatch = database.transaction(this.newWriter());
  }

  position(): HistoryPosition {
    const row = this.database
      .prepare(
        'SELECT begins_after AS beginsAfter, sequence, epoch, time_ms AS timeMs FROM position',
      )
      .get();
    return row as HistoryPosition;
  }

  /** Writes the batch and empties it; gives the candles that have changed. */
  commit(position: HistoryPosition): CandleRow[] {
    const candles = this.writeBatch(position);
    this.batch.asked.hasChanged = false;
    this.batch.clear();
    return candles;
  }

  /** Empties the history: it will begin behind this sequence. */
  clear(beginsAfter: number): void {
    this.database.transaction(() => {
      for (const table of TABLES) this.database.exec(`DELETE FROM ${table}`);
      this.database
        .prepare(
          'UPDATE position SET begins_after = @at, named_after = @at, sequence = @at, epoch = 0, time_ms = 0',
        )
        .run({ at: beginsAfter });
    })();
    this.batch.asked.clear();
  }

  /** The newest candles of each market and interval, oldest first. */
  newestCandles(count: number): CandleRow[] {
    const kinds = this.database.prepare('SELECT DISTINCT market_id, interval_ms FROM candles');
    const newest = this.database.prepare(
      `SELECT ${selectList(CANDLES)} FROM candles WHERE market_id = ? AND interval_ms = ? ` +
        'ORDER BY start_ms DESC LIMIT ?',
    );
    return kinds.all().flatMap((kind) => {
      const { market_id, interval_ms } = kind as { market_id: number; interval_ms: number };
      const records = newest.all(market_id, interval_ms, count) as object[];
      return records.map((record) => rowOf(CANDLES, record)).reverse();
    });
  }

  close(): void {
    this.database.close();
  }

  private newWriter(): (position: HistoryPosition) => CandleRow[] {
    const { database, batch } = this;
    const writer = <Row>(text: string) => {
      const statement = database.prepare(text);
      return (rows: Iterable<Row>) => {
        for (const row of rows) statement.run(row as object);
      };
    };
    const insert = <Row>(columns: TableColumns<Row>) => writer<Row>(insertText(columns));
    const orders = writer<OrderRow>(upsertText(ORDERS, ['marketId', 'orderId'], ORDER_FIXED));
    const changes = insert(CHANGES);
    const fills = insert(FILLS);
    const funding = insert(FUNDING);
    const transfers = insert(TRANSFERS);
    const liquidations = insert(LIQUIDATIONS);
    const rejections = insert(REJECTIONS);
    const trades = insert(TRADES);
    const fundingRates = insert(FUNDING_RATES);
    const asked = insert<AskedRow>(ASKED);
    const forgetAsked = database.prepare('DELETE FROM asked');
    const candles = writer<CandleRow>(
      upsertText(CANDLES, ['marketId', 'intervalMs', 'startMs'], ['openTicks']),
    );
    const move = database.prepare(
      'UPDATE position SET begins_after = @beginsAfter, sequence = @sequence, epoch = @epoch, time_ms = @timeMs',
    );
    return (position) => {
      orders(batch.orders);
      changes(batch.changes);
      fills(batch.fills);
      funding(batch.funding);
      transfers(batch.transfers);
      liquidations(batch.liquidations);
      rejections(batch.rejections);
      if (batch.asked.hasChanged) {
        forgetAsked.run();
        asked(batch.asked.rows());
      }
      fundingRates(batch.fundingRates);
      trades(batch.trades);
      for (const trade of batch.trades) this.candles.add(trade);
      const changed = this.candles.takeChanged();
      candles(changed);
      move.run(position);
      return changed;
    };
  }
}

function found<Row>(
  columns: TableColumns<Row>,
  statement: Statement,
  ...key: number[]
): Row | undefined {
  const record = statement.get(...key);
  return record === undefined ? undefined : rowOf(columns, record as object);
}
