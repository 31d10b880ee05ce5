import type { Statement } from 'better-sqlite3';
import type { LedgerDatabase } from './database.js';

export type StreamKind = 'market' | 'account';

/** How far a stream of numbered items has come: a market's, or that of a shard's accounts. */
export interface StreamCursor {
  readonly kind: StreamKind;
  /** Market id, or shard id. */
  readonly streamId: number;
  readonly shardId: number;
  /** Last item that is kept; 0: none. */
  readonly ingestedItem: number;
  /** Of the shard's journal. */
  readonly ingestedSequence: number;
  readonly ingestedTimeMs: number;
  /** Of a market: number of its last trade. */
  readonly lastTrade: number;
  /** Last item that is in a batch or in the balances. */
  readonly nettedItem: number;
}

export function streamName(kind: StreamKind, streamId: number): string {
  return kind === 'market' ? `fills.${streamId}` : `account-events.${streamId}`;
}

const COLUMNS =
  'kind, stream_id AS streamId, shard_id AS shardId, ingested_item AS ingestedItem, ingested_sequence AS ingestedSequence, ' +
  'ingested_time_ms AS ingestedTimeMs, last_trade AS lastTrade, netted_item AS nettedItem';

/** The cursors of all streams, in the same file and transaction as what they stand for. */
export class Streams {
  private readonly find: Statement;
  private readonly all: Statement;
  private readonly moveIngested: Statement;
  private readonly moveNetted: Statement;

  constructor({ sql }: LedgerDatabase) {
    this.find = sql.prepare(`SELECT ${COLUMNS} FROM streams WHERE kind = ? AND stream_id = ?`);
    this.all = sql.prepare(`SELECT ${COLUMNS} FROM streams ORDER BY kind, stream_id`);
    this.moveIngested = sql.prepare(
      'INSERT INTO streams (kind, stream_id, shard_id, ingested_item, ingested_sequence, ingested_time_ms, last_trade, netted_item) ' +
        'VALUES (@kind, @streamId, @shardId, @ingestedItem, @ingestedSequence, @ingestedTimeMs, @lastTrade, 0) ' +
        'ON CONFLICT (kind, stream_id) DO UPDATE SET shard_id = excluded.shard_id, ingested_item = excluded.ingested_item, ' +
        'ingested_sequence = excluded.ingested_sequence, ingested_time_ms = excluded.ingested_time_ms, last_trade = excluded.last_trade',
    );
    this.moveNetted = sql.prepare(
      'UPDATE streams SET netted_item = ? WHERE kind = ? AND stream_id = ?',
    );
  }

  /** One that nothing has come of yet is at zero. */
  cursor(kind: StreamKind, streamId: number): StreamCursor {
    const row = this.find.get(kind, streamId) as StreamCursor | undefined;
    if (row !== undefined) return row;
    return {
      kind,
      streamId,
      shardId: 0,
      ingestedItem: 0,
      ingestedSequence: 0,
      ingestedTimeMs: 0,
      lastTrade: 0,
      nettedItem: 0,
    };
  }

  list(): StreamCursor[] {
    return this.all.all() as StreamCursor[];
  }

  ingested(cursor: StreamCursor): void {
    const { nettedItem, ...moved } = cursor;
    this.moveIngested.run(moved);
  }

  netted(kind: StreamKind, streamId: number, item: number): void {
    this.moveNetted.run(item, kind, streamId);
  }
}
