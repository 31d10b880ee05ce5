import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { HostStats } from '../../engine/runtime/host-stats.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import { openEmbeddedBus } from '../../settlement/bus/embedded/embedded-bus.js';
import { decodePack } from '../../settlement/packs/pack-codec.js';
import type * as OutboxModule from './outbox.js';

/** Threads run compiled code; `npm test` compiles before it starts. */
const compiled = pathToFileURL(path.resolve('dist/main/outbox/outbox.js')).href;
const SLOW = { timeout: 60_000 };

afterEach(removeScratch);

async function newOutbox(dataDir: string, stats: HostStats) {
  const { Outbox } = (await import(compiled)) as typeof OutboxModule;
  const told = { notices: [] as string[], troubles: [] as string[], stopped: [] as string[] };
  const outbox = new Outbox({
    dataDir,
    isSpread: false,
    stats: [stats.memory],
    neverSyncs: false,
    hasSpareCore: true,
    bus: { kind: 'embedded', folder: path.join(dataDir, 'bus') },
    onNotice: (sentence) => told.notices.push(sentence),
    onTrouble: (sentence) => told.troubles.push(sentence),
    onStopped: (sentence) => told.stopped.push(sentence),
    finishWithinMs: 60_000,
  });
  const published = () => outbox.status().shards[0]?.publishedSequence;
  return { outbox, told, published };
}

function trade(exchange: RandomExchange, stats: HostStats, steps: number): number {
  for (let i = 0; i < steps; i++) exchange.step();
  stats.set('sequence', exchange.written());
  stats.set('timeMs', exchange.shards[0]?.timeMs ?? 0);
  return exchange.written();
}

async function newestMark(dataDir: string) {
  const bus = openEmbeddedBus({ folder: path.join(dataDir, 'bus') });
  const last = await bus.last('account-events.0');
  await bus.close();
  return last === null ? null : decodePack(last.data);
}

describe('the thread that publishes the journals', () => {
  it('publishes no further than what is synced, says how far it is, and finishes at the end', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 3);
    const stats = new HostStats();
    exchange.start();
    const synced = trade(exchange, stats, 200);
    stats.set('durableSequence', synced);
    const ahead = trade(exchange, stats, 50);
    // The first thread finds a file where the bus has its folder, and is started again.
    fs.writeFileSync(path.join(dataDir, 'bus'), '');
    const { outbox, told, published } = await newOutbox(dataDir, stats);
    outbox.start();
    await expect.poll(() => told.troubles.length, SLOW).toBeGreaterThan(0);
    fs.rmSync(path.join(dataDir, 'bus'));
    await expect.poll(published, SLOW).toBe(synced);
    await expect
      .poll(() => outbox.status().shards[0], SLOW)
      .toMatchObject({ lagMessages: ahead - synced, itemsInMemory: 0 });
    const { state, shards, lastError } = outbox.status();
    expect([state, lastError]).toEqual(['running', told.troubles.at(-1)]);
    expect(shards[0]?.lagMs).toBeGreaterThan(0);
    expect(shards[0]?.items).toBeGreaterThan(50);
    const end = trade(exchange, stats, 50);
    await exchange.stop();
    await outbox.stop();
    expect(published()).toBe(end);
    expect(await newestMark(dataDir)).toMatchObject({ kind: 'account', lastSequence: end });
    expect([told.notices, told.stopped]).toEqual([[], []]);
  });

  it('stops, and is not started again, when the bus has more than the journal', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 4);
    const stats = new HostStats();
    exchange.start();
    stats.set('durableSequence', trade(exchange, stats, 60));
    const first = await newOutbox(dataDir, stats);
    first.outbox.start();
    await expect.poll(first.published, SLOW).toBe(exchange.written());
    await exchange.stop();
    await first.outbox.stop();
    fs.rmSync(path.join(dataDir, 'shard-0'), { recursive: true });
    const other = new RandomExchange(dataDir, 5);
    const otherStats = new HostStats();
    other.start();
    otherStats.set('durableSequence', trade(other, otherStats, 5));
    const second = await newOutbox(dataDir, otherStats);
    second.outbox.start();
    await expect.poll(() => second.told.stopped.length, SLOW).toBe(1);
    expect(second.told.stopped[0]).toMatch(/it has lost what was published/);
    expect(second.outbox.status()).toMatchObject({
      state: 'stopped',
      lastError: second.told.stopped[0],
    });
    await second.outbox.stop();
    await other.stop();
  });
});
