import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { HostStats } from '../../engine/runtime/host-stats.js';
import type { CandleRow } from '../../gateway/history/rows.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { dump, makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import type * as HistoryFeederModule from './history-feeder.js';

/** Threads run compiled code; `npm test` compiles before it starts. */
const compiled = pathToFileURL(path.resolve('dist/main/history/history-feeder.js')).href;

afterEach(removeScratch);

async function newFeeder(dataDir: string, stats: HostStats) {
  const { HistoryFeeder } = (await import(compiled)) as typeof HistoryFeederModule;
  const told = { candles: [] as CandleRow[], notices: [] as string[], errors: [] as Error[] };
  const feeder = new HistoryFeeder({
    dataDir,
    isSpread: false,
    stats: [stats.memory],
    neverSyncs: false,
    hasSpareCore: false,
    candlesKept: 50,
    finishWithinMs: 60_000,
    onCandles: (candles) => told.candles.push(...candles),
    onNotice: (sentence) => told.notices.push(sentence),
    onError: (error) => told.errors.push(error),
  });
  return { feeder, told };
}

describe('the thread that feeds the history', () => {
  it('reads no further than what is synced, tells candles, and finishes at the end', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 3);
    const stats = new HostStats();
    exchange.start();
    for (let i = 0; i < 300; i++) exchange.step();
    const synced = exchange.written();
    stats.set('durableSequence', synced);
    for (let i = 0; i < 100; i++) exchange.step();
    const { feeder, told } = await newFeeder(dataDir, stats);
    feeder.start();
    await expect.poll(() => feeder.progress.sequence(0), { timeout: 60_000 }).toBe(synced);
    await expect.poll(() => told.candles.length, { timeout: 60_000 }).toBeGreaterThan(20);
    expect(dump(dataDir).position).toEqual([
      expect.stringMatching(new RegExp(`^1,0,${synced},1,`)),
    ]);
    const before = told.candles.length;
    stats.set('durableSequence', exchange.written());
    await expect.poll(() => told.candles.length, { timeout: 60_000 }).toBeGreaterThan(before);
    for (let i = 0; i < 50; i++) exchange.step();
    const end = exchange.written();
    await exchange.stop();
    await feeder.stop();
    expect(feeder.progress.sequence(0)).toBe(end);
    expect(told.errors).toEqual([]);
  });

  it('is started again after it has failed, and goes on', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 4);
    const stats = new HostStats();
    exchange.start();
    for (let i = 0; i < 100; i++) exchange.step();
    stats.set('durableSequence', exchange.written());
    // Something stands where its folder should be.
    fs.writeFileSync(path.join(dataDir, 'history'), '');
    const { feeder, told } = await newFeeder(dataDir, stats);
    feeder.start();
    await expect.poll(() => told.errors.length, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(told.errors[0]?.message).toMatch(/EEXIST|ENOTDIR/);
    fs.rmSync(path.join(dataDir, 'history'));
    await expect
      .poll(() => feeder.progress.sequence(0), { timeout: 60_000 })
      .toBe(exchange.written());
    await exchange.stop();
    await feeder.stop();
  });
});
