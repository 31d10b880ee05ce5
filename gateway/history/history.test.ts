import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { journalDirectory, listSequenced } from '../../engine/runtime/journal/directories.js';
import { repairJournal } from '../../engine/runtime/journal/repair.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { historyFile } from './database.js';
import { MIGRATIONS } from './migrations.js';
import { ShardHistory } from './shard-history.js';
import { RandomExchange } from './testing/random-exchange.js';
import { dump, makeScratch, removeScratch } from './testing/scratch.js';
import { Story } from './testing/story.js';

afterEach(removeScratch);
/** Much is replayed again and again. */
vi.setConfig({ testTimeout: 240_000 });

function opened(dataDir: string, exchange: RandomExchange, shardId = 0, notices: string[] = []) {
  const { createShard } = exchange;
  const onNotice = (sentence: string) => notices.push(sentence);
  return new ShardHistory({ dataDir, shardId, createShard, onNotice });
}

function feed(history: ShardHistory, limit: number): void {
  while (history.step(limit) !== null);
  expect(history.sequence).toBe(limit);
}

/** A history made in one go, from nothing. */
function freshDump(dataDir: string, exchange: RandomExchange, limit: number, shardId = 0) {
  fs.rmSync(path.join(dataDir, 'history'), { recursive: true });
  const fresh = opened(dataDir, exchange, shardId);
  feed(fresh, limit);
  fresh.close();
  return dump(dataDir, shardId);
}

describe('the history of a shard', () => {
  it('has exactly the rows that its events tell, whatever is traded', async () => {
    const rows: Record<string, number> = {};
    for (let seed = 1; seed <= 6; seed++) {
      const dataDir = makeScratch();
      const exchange = new RandomExchange(dataDir, seed);
      const story = new Story();
      exchange.onEvents = story.hear;
      exchange.start();
      for (let i = 0; i < 500; i++) exchange.step();
      const history = opened(dataDir, exchange);
      feed(history, exchange.written());
      history.close();
      const tables = dump(dataDir);
      for (const [table, expected] of Object.entries(story.tables())) {
        expect(tables[table], `${table}, seed ${seed}`).toEqual(expected);
        rows[table] = (rows[table] ?? 0) + expected.length;
      }
      await exchange.stop();
    }
    // Otherwise equality would say little.
    for (const [table, count] of Object.entries(rows)) expect(count, table).toBeGreaterThan(50);
  });

  it('of several shards, each has its own accounts and its own markets', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 5, 3);
    const stories = new Map<number, Story>();
    exchange.onEvents = (shard, events, timeMs) => {
      const id = shard.routing?.shardId ?? 0;
      if (!stories.has(id)) stories.set(id, new Story());
      stories.get(id)?.hear(shard, events, timeMs);
    };
    exchange.start();
    const histories = [0, 1, 2].map((shardId) => opened(dataDir, exchange, shardId));
    for (let i = 0; i < 600; i++) {
      exchange.step();
      if (i % 50 !== 0) continue;
      for (const [shard, history] of histories.entries()) history.step(exchange.written(shard));
    }
    const homes = new Set<string>();
    histories.forEach((history, shard) => {
      feed(history, exchange.written(shard));
      history.close();
      const tables = dump(dataDir, shard);
      for (const [table, expected] of Object.entries(stories.get(shard)?.tables() ?? {})) {
        expect(tables[table], `${table} of shard ${shard}`).toEqual(expected);
      }
      for (const row of tables.orders ?? []) homes.add(`${String(row).split(',')[2]}@${shard}`);
    });
    const accounts = [...homes].map((home) => home.split('@')[0]);
    expect(new Set(accounts).size).toBe(accounts.length);
    expect(accounts.length).toBeGreaterThan(3);
    await exchange.stop();
  });
});

describe('orders with a client id that were refused', () => {
  it('have a row each, also when the feeder ends while they are on their way to another shard', async () => {
    let refused = 0;
    let onTheirWay = 0;
    for (let seed = 51; seed <= 52; seed++) {
      const dataDir = makeScratch();
      const random = new Xorshift(seed);
      const exchange = new RandomExchange(dataDir, seed, 3);
      exchange.start();
      const histories = [0, 1, 2].map((shardId) => opened(dataDir, exchange, shardId));
      for (let i = 0; i < 300; i++) {
        exchange.step();
        const shard = random.below(3);
        // Behind the end of the journal lie the answers of what is before it.
        histories[shard]?.step(exchange.written(shard) - random.below(8));
        if (!random.chance(15)) continue;
        histories[shard]?.close();
        onTheirWay += dump(dataDir, shard).asked?.length ?? 0;
        histories[shard] = opened(dataDir, exchange, shard);
      }
      const dumps = histories.map((history, shard) => {
        feed(history, exchange.written(shard));
        history.close();
        return dump(dataDir, shard);
      });
      dumps.forEach(({ asked, orders = [], rejections = [] }, shard) => {
        const fresh = freshDump(dataDir, exchange, exchange.written(shard), shard);
        expect(rejections).toEqual(fresh.rejections);
        expect(asked).toEqual(fresh.asked);
        expect(orders).toEqual(fresh.orders);
        refused += rejections.length;
      });
      await exchange.stop();
    }
    expect(refused).toBeGreaterThan(30);
    expect(onTheirWay).toBeGreaterThan(3);
  });
});

describe('a feeder that ends at any moment', () => {
  it('goes on where the file stands: the same rows as one that was never stopped', async () => {
    for (let seed = 21; seed <= 22; seed++) {
      const dataDir = makeScratch();
      const random = new Xorshift(seed);
      const exchange = new RandomExchange(dataDir, seed);
      let history: ShardHistory | null = null;
      for (let start = 0; start < 4; start++) {
        exchange.start();
        for (let i = 0; i < 90; i++) {
          exchange.step();
          if (random.chance(20)) {
            history ??= opened(dataDir, exchange);
            history.step(random.chance(50) ? exchange.written() : exchange.written() - 3);
          }
          if (random.chance(8)) {
            history?.close();
            history = null;
          }
        }
        // The host's snapshots are ahead of the history, or behind it.
        await exchange.stop();
      }
      exchange.start();
      history ??= opened(dataDir, exchange);
      feed(history, exchange.written());
      history.close();
      const interrupted = dump(dataDir);
      expect(interrupted).toEqual(freshDump(dataDir, exchange, exchange.written()));
      await exchange.stop();
    }
  });

  it('leaves nothing of a batch that could not be written', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 31);
    exchange.start();
    for (let i = 0; i < 100; i++) exchange.step();
    const history = opened(dataDir, exchange);
    feed(history, exchange.written());
    const before = dump(dataDir);
    for (let i = 0; i < 100; i++) exchange.step();
    // The last statement of the transaction fails, after all rows.
    history.store.batch.trades.push({ tradeId: 0.5 } as never);
    expect(() => history.step(exchange.written())).toThrow();
    history.close();
    expect(dump(dataDir)).toEqual(before);
    const again = opened(dataDir, exchange);
    feed(again, exchange.written());
    again.close();
    expect(dump(dataDir)).toEqual(freshDump(dataDir, exchange, exchange.written()));
    await exchange.stop();
  });
});

describe('a history that does not fit its journal', () => {
  it('is made anew when the journal has lost what it tells', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 41);
    exchange.start();
    for (let i = 0; i < 80; i++) exchange.step();
    const kept = exchange.written();
    for (let i = 0; i < 40; i++) exchange.step();
    const history = opened(dataDir, exchange);
    feed(history, exchange.written());
    history.close();
    await exchange.stop();
    for (const { path: file } of listSequenced(
      path.join(dataDir, 'shard-0', 'snapshots'),
      'snapshot',
    )) {
      fs.rmSync(file);
    }
    repairJournal(dataDir, 0, kept + 1);
    const later = new RandomExchange(dataDir, 42);
    later.start();
    const notices: string[] = [];
    const anew = opened(dataDir, later, 0, notices);
    expect(notices).toEqual([expect.stringMatching(/does not have any more: it is made anew/)]);
    feed(anew, later.written());
    anew.close();
    expect(dump(dataDir)).toEqual(freshDump(dataDir, later, later.written()));
    await later.stop();
  });

  it('is put aside when it is damaged, and refused when it is of a newer release', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 51);
    exchange.start();
    for (let i = 0; i < 60; i++) exchange.step();
    const history = opened(dataDir, exchange);
    feed(history, exchange.written());
    history.close();
    const before = dump(dataDir);
    const file = historyFile(dataDir, 0);
    fs.writeFileSync(file, 'this was a database once, and now it is not even one page of one');
    const notices: string[] = [];
    const anew = opened(dataDir, exchange, 0, notices);
    expect(notices[0]).toMatch(/is damaged .* is made anew/);
    feed(anew, exchange.written());
    anew.store.commit({ ...anew.store.position() });
    anew.close();
    expect(dump(dataDir)).toEqual(before);
    const { default: Database } = await import('better-sqlite3');
    const newer = new Database(file);
    newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    newer.close();
    expect(() => opened(dataDir, exchange)).toThrow(/has schema \d+, and this release knows/);
    await exchange.stop();
  });

  it('knows what takers have bought also of candles that were written before that was asked', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 52);
    exchange.start();
    for (let i = 0; i < 200; i++) exchange.step();
    const history = opened(dataDir, exchange);
    feed(history, exchange.written());
    history.close();
    const before = dump(dataDir);
    const { default: Database } = await import('better-sqlite3');
    const older = new Database(historyFile(dataDir, 0));
    older.exec('ALTER TABLE candles DROP COLUMN taker_buy_lots');
    older.exec('ALTER TABLE candles DROP COLUMN taker_buy_tick_lots');
    // Of later steps.
    older.exec('ALTER TABLE trades DROP COLUMN taker_order_id');
    older.exec('DROP TABLE funding_rates');
    older.pragma('user_version = 3');
    older.close();
    opened(dataDir, exchange).close();
    expect(dump(dataDir).candles).toEqual(before.candles);
    await exchange.stop();
  });

  it('begins at a snapshot where the beginning of the journal was taken away', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 61);
    exchange.start();
    for (let i = 0; i < 300; i++) exchange.step();
    await exchange.stop();
    await exchange.start();
    await exchange.stop();
    const segments = listSequenced(journalDirectory(dataDir, 0), 'journal');
    const snapshots = listSequenced(path.join(dataDir, 'shard-0', 'snapshots'), 'snapshot');
    if (snapshots.length === 0) throw new Error('this seed writes a snapshot');
    exchange.start();
    for (let i = 0; i < 100; i++) exchange.step();
    fs.rmSync((segments[0] as { path: string }).path);
    const notices: string[] = [];
    const history = opened(dataDir, exchange, 0, notices);
    feed(history, exchange.written());
    expect(notices[0]).toMatch(/its history begins after the snapshot of sequence/);
    expect(history.store.position().beginsAfter).toBe(snapshots.at(-1)?.sequence);
    history.close();
    await exchange.stop();
  });
});
