import type { Statement } from 'better-sqlite3';
import type { PricePack } from '../packs/pack-types.js';
import type { LedgerDatabase } from './database.js';

export type LedgerPrice = Omit<PricePack, 'kind'>;

/** The newest price of each market. Any of them may be lost, so there is no order to keep but that of their sequences. */
export class Prices {
  private readonly upsert: Statement;
  private readonly all: Statement;

  constructor({ sql }: LedgerDatabase) {
    this.upsert = sql.prepare(
      'INSERT INTO prices (market_id, shard_id, sequence, time_ms, index_ticks, mark_ticks, publish_time_ms) ' +
        'VALUES (@marketId, @shardId, @sequence, @timeMs, @indexTicks, @markTicks, @publishTimeMs) ' +
        'ON CONFLICT (market_id) DO UPDATE SET shard_id = excluded.shard_id, sequence = excluded.sequence, time_ms = excluded.time_ms, ' +
        'index_ticks = excluded.index_ticks, mark_ticks = excluded.mark_ticks, publish_time_ms = excluded.publish_time_ms ' +
        'WHERE excluded.sequence > sequence',
    );
    this.all = sql.prepare(
      'SELECT market_id AS marketId, shard_id AS shardId, sequence, time_ms AS timeMs, index_ticks AS indexTicks, mark_ticks AS markTicks, ' +
        'publish_time_ms AS publishTimeMs FROM prices ORDER BY market_id',
    );
  }

  put({ kind, ...price }: PricePack): void {
    this.upsert.run(price);
  }

  list(): LedgerPrice[] {
    return this.all.all() as LedgerPrice[];
  }
}
