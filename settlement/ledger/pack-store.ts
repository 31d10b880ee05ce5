import type { Statement } from 'better-sqlite3';
import { decodePack } from '../packs/pack-codec.js';
import type { AccountPack, MarketPack } from '../packs/pack-types.js';
import type { LedgerDatabase } from './database.js';
import { LedgerDamagedError } from './errors.js';
import type { StreamCursor, StreamKind } from './streams.js';

export type ItemPack = MarketPack | AccountPack;

/** A kept pack and which of its items are used: those before came in an earlier pack. */
export interface StoredPack {
  /** Ascending in the order in which packs were taken in. */
  readonly id: number;
  readonly firstItem: number;
  readonly lastItem: number;
  readonly ingestedAtMs: number;
  readonly pack: ItemPack;
}

interface PackRow {
  id: number;
  firstItem: number;
  lastItem: number;
  ingestedAtMs: number;
  bytes: Buffer;
}

/** What of a message is written down with its bytes. */
export interface PackOrigin {
  readonly streamSequence: number;
  readonly ingestedAtMs: number;
  readonly bytes: Uint8Array;
}

const COLUMNS =
  'id, first_item AS firstItem, last_item AS lastItem, ingested_at_ms AS ingestedAtMs, bytes';

/**
 * Fills and account items, kept as the very bytes that came. A row a pack rather than a row an item costs a twentieth of the processor
 * time, and what is read again is checked by the CRC within.
 */
export class PackStore {
  private readonly insert: Statement;
  private readonly after: Statement;
  private readonly sumWaiting: Statement;
  private readonly oldestWaiting: Statement;

  constructor({ sql }: LedgerDatabase) {
    this.insert = sql.prepare(
      'INSERT INTO packs (kind, stream_id, first_item, last_item, shard_id, epoch, first_sequence, last_sequence, first_trade, last_trade, ' +
        'time_ms, stream_sequence, ingested_at_ms, bytes) VALUES (@kind, @streamId, @firstItem, @lastItem, @shardId, @epoch, ' +
        '@firstSequence, @lastSequence, @firstTrade, @lastTrade, @timeMs, @streamSequence, @ingestedAtMs, @bytes)',
    );
    this.after = sql.prepare(
      `SELECT ${COLUMNS} FROM packs WHERE kind = ? AND stream_id = ? AND last_item > ? ORDER BY last_item LIMIT 1`,
    );
    this.sumWaiting = sql
      .prepare('SELECT coalesce(sum(ingested_item - netted_item), 0) FROM streams')
      .pluck();
    this.oldestWaiting = sql
      .prepare(
        'SELECT min((SELECT ingested_at_ms FROM packs p WHERE p.kind = s.kind AND p.stream_id = s.stream_id AND p.last_item > s.netted_item ' +
          'ORDER BY p.last_item LIMIT 1)) FROM streams s WHERE s.ingested_item > s.netted_item',
      )
      .pluck();
  }

  /** `firstItem`: the first one that is new. Trades are numbers of the first and last new fill, 0: none. */
  add(
    pack: ItemPack,
    firstItem: number,
    trades: { first: number; last: number },
    origin: PackOrigin,
  ): void {
    this.insert.run({
      kind: pack.kind,
      streamId: pack.kind === 'market' ? pack.marketId : pack.shardId,
      firstItem,
      lastItem: pack.lastItem,
      shardId: pack.shardId,
      epoch: pack.epoch,
      firstSequence: pack.firstSequence,
      lastSequence: pack.lastSequence,
      firstTrade: trades.first,
      lastTrade: trades.last,
      timeMs: pack.timeMs,
      ...origin,
    });
  }

  /** The pack that has the item behind this one; null: it has not come. */
  next(kind: StreamKind, streamId: number, afterItem: number): StoredPack | null {
    const row = this.after.get(kind, streamId, afterItem) as PackRow | undefined;
    if (row === undefined) return null;
    const pack = decodePack(row.bytes);
    if (pack.kind !== kind)
      throw new LedgerDamagedError(`pack ${row.id} of the ledger is of another kind than its row`);
    const { id, firstItem, lastItem, ingestedAtMs } = row;
    return { id, firstItem, lastItem, ingestedAtMs, pack };
  }

  /** True when a pack with these items and bytes is kept. */
  has(cursor: StreamCursor, firstItem: number, lastItem: number, bytes: Uint8Array): boolean {
    const row = this.after.get(cursor.kind, cursor.streamId, lastItem - 1) as PackRow | undefined;
    return row?.firstItem === firstItem && row.lastItem === lastItem && row.bytes.equals(bytes);
  }

  /** Items that are kept and in no batch yet. */
  waitingItems(): number {
    return this.sumWaiting.get() as number;
  }

  /** When the oldest of them was taken in; null: there is none. */
  waitingSinceMs(): number | null {
    return this.oldestWaiting.get() as number | null;
  }
}
