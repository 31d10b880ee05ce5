import type { Statement } from 'better-sqlite3';
import type { MarketEnd } from '../packs/pack-types.js';
import type { LedgerDatabase } from './database.js';
import type { Streams } from './streams.js';

/** Said by the exchange: everything that this shard's journal has up to here was put on the bus before. */
export interface Watermark {
  readonly shardId: number;
  readonly sequence: number;
  readonly timeMs: number;
  /** Last item of the shard's accounts then. */
  readonly accountItem: number;
  /** Last items of its markets then. */
  readonly marketEnds: readonly MarketEnd[];
}

/** A place in the journal of a shard. */
export interface JournalPlace {
  readonly shardId: number;
  readonly sequence: number;
  readonly timeMs: number;
}

interface WatermarkRow extends Omit<Watermark, 'marketEnds'> {
  marketItems: string;
}

/** From shard to shard by the indices: there is a row for every batch that there ever was. */
const NEWEST_PLACES =
  'WITH RECURSIVE shards (id) AS (SELECT min(shard_id) FROM coverage UNION ALL ' +
  'SELECT (SELECT min(shard_id) FROM coverage WHERE shard_id > id) FROM shards WHERE id IS NOT NULL) ' +
  'SELECT id AS shardId, (SELECT max(sequence) FROM coverage WHERE shard_id = id) AS sequence, ' +
  '(SELECT max(time_ms) FROM coverage WHERE shard_id = id) AS timeMs FROM shards WHERE id IS NOT NULL ORDER BY id';

/**
 * Which batch covers which part of the journals. Fills travel in another stream of the bus and may arrive later than a watermark that was
 * sent after them, so it names the last item of each market. What it names may also be lost again, when a bus loses power, and come once
 * more: asking the bus where its subjects end would not tell.
 */
export class Coverage {
  private readonly streams: Streams;
  private readonly insert: Statement;
  private readonly dropReached: Statement;
  private readonly rows: Statement;
  private readonly insertCoverage: Statement;
  private readonly shardIds: Statement;
  private readonly bySequence: Statement;
  private readonly byTime: Statement;
  private readonly newest: Statement;

  constructor(database: LedgerDatabase, streams: Streams) {
    this.streams = streams;
    const { sql } = database;
    const columns =
      'shard_id AS shardId, sequence, time_ms AS timeMs, account_item AS accountItem, market_items AS marketItems';
    this.insert = sql.prepare(
      'INSERT OR IGNORE INTO watermarks (shard_id, sequence, time_ms, account_item, market_items) ' +
        'VALUES (@shardId, @sequence, @timeMs, @accountItem, @marketItems)',
    );
    this.dropReached = sql.prepare('DELETE FROM watermarks WHERE shard_id = ? AND sequence <= ?');
    this.rows = sql.prepare(`SELECT ${columns} FROM watermarks ORDER BY shard_id, sequence`);
    this.insertCoverage = sql.prepare(
      'INSERT INTO coverage (batch, shard_id, sequence, time_ms) VALUES (@batch, @shardId, @sequence, @timeMs) ' +
        'ON CONFLICT (shard_id, batch) DO UPDATE SET sequence = max(sequence, excluded.sequence), time_ms = max(time_ms, excluded.time_ms)',
    );
    this.shardIds = sql.prepare('SELECT DISTINCT shard_id FROM streams').pluck();
    const first = 'SELECT batch FROM coverage WHERE shard_id = ?';
    this.bySequence = sql
      .prepare(`${first} AND sequence >= ? ORDER BY sequence, batch LIMIT 1`)
      .pluck();
    this.byTime = sql.prepare(`${first} AND time_ms > ? ORDER BY time_ms, batch LIMIT 1`).pluck();
    this.newest = sql.prepare(NEWEST_PLACES);
  }

  note({ marketEnds, ...watermark }: Watermark): void {
    this.insert.run({ ...watermark, marketItems: JSON.stringify(marketEnds) });
  }

  /** Of what is not in batches yet, by shard and sequence. */
  watermarks(): Watermark[] {
    return (this.rows.all() as WatermarkRow[]).map(watermarkOf);
  }

  /** Called while a batch is written: what is netted now is covered by it. */
  record(batch: number): void {
    const netted = new Map(
      this.streams
        .list()
        .map(({ kind, streamId, nettedItem }) => [`${kind} ${streamId}`, nettedItem]),
    );
    const isReached = (key: string, item: number) => (netted.get(key) ?? 0) >= item;
    const reached = new Map<number, Watermark>();
    const waiting = new Set<number>();
    for (const row of this.rows.iterate() as Iterable<WatermarkRow>) {
      // Later ones of a shard name no less. After a long pause there are thousands.
      if (waiting.has(row.shardId)) continue;
      const watermark = watermarkOf(row);
      const { accountItem, marketEnds, shardId } = watermark;
      const isCovered =
        isReached(`account ${shardId}`, accountItem) &&
        marketEnds.every((end) => isReached(`market ${end.marketId}`, end.lastItem));
      if (isCovered) reached.set(shardId, watermark);
      else waiting.add(shardId);
    }
    for (const { shardId, sequence, timeMs } of reached.values()) {
      this.insertCoverage.run({ batch, shardId, sequence, timeMs });
      this.dropReached.run(shardId, sequence);
    }
  }

  /**
   * The batch with which everything is settled that had happened anywhere when this did; null: not built yet. In the shard itself that
   * is up to its sequence; in others, whose sequences cannot be compared, up to a later time (all stamp the time of one clock).
   */
  batchThatCovers(place: JournalPlace): number | null {
    const home = this.bySequence.get(place.shardId, place.sequence) as number | undefined;
    if (home === undefined) return null;
    let batch = home;
    for (const shardId of this.shardIds.all() as number[]) {
      if (shardId === place.shardId) continue;
      const other = this.byTime.get(shardId, place.timeMs) as number | undefined;
      if (other === undefined) return null;
      batch = Math.max(batch, other);
    }
    return batch;
  }

  /** How far the journal of each shard is in batches. */
  places(): JournalPlace[] {
    return this.newest.all() as JournalPlace[];
  }
}

function watermarkOf({ marketItems, ...row }: WatermarkRow): Watermark {
  return { ...row, marketEnds: JSON.parse(marketItems) as MarketEnd[] };
}
