import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createShardCore } from '../../main/compose.js';
import { openInlineShard } from '../../main/exchange/inline-shard.js';
import { ShardOutbox } from '../../main/outbox/shard-outbox.js';
import { SettlementLedger } from '../../settlement/ledger/ledger.js';
import { NO_LIMITS } from '../../settlement/ledger/testing/scratch.js';
import { MemoryBus } from '../../settlement/outbox/testing/memory-bus.js';
import { decodePack } from '../../settlement/packs/pack-codec.js';
import { BENCH_MARKET } from '../book/encode.js';
import { openScratchShard } from '../shard/scratch-shard.js';
import { ShardDriver } from '../shard/shard-driver.js';
import { lagsOf } from './lag-report.js';
import { COMMANDS_A_FILL, pairsWorkload } from './pairs-workload.js';

const FILLS = 300;
const ACCOUNTS = 20;
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-test-'));

afterEach(() => fs.rmSync(dataDir, { recursive: true, force: true }));

/** Times of all fills, in order, and everything that was published. */
async function publishPairs(): Promise<{ bus: MemoryBus; timesMs: number[] }> {
  const { shard, close } = await openScratchShard(openInlineShard, { dataDir });
  const driver = new ShardDriver(shard.gatewayPort, pairsWorkload(FILLS), ACCOUNTS);
  await driver.setUp(shard, ACCOUNTS);
  await driver.fullSpeed(0, FILLS * COMMANDS_A_FILL);
  expect(driver.tally.trades).toBe(FILLS);
  await close();
  const bus = new MemoryBus();
  const options = { dataDir, shardId: 0, createShard: () => createShardCore(), packItemsMax: 16 };
  const limit = Number.MAX_SAFE_INTEGER;
  const outbox = await ShardOutbox.open({ ...options, bus, limit });
  while ((await outbox.step(limit, performance.now())) !== 'atEnd' || !outbox.isPublished) {
    await new Promise(setImmediate);
  }
  outbox.close();
  const packs = bus.messages.map(({ data }) => decodePack(data));
  const items = packs.flatMap((pack) => (pack.kind === 'market' ? pack.items : []));
  return { bus, timesMs: items.map(({ timeMs }) => timeMs) };
}

describe('pairs of orders', () => {
  it('are one fill each, and their lags are those of their batches', async () => {
    const { bus, timesMs } = await publishPairs();
    expect(timesMs).toHaveLength(FILLS);
    const lastMs = timesMs[FILLS - 1] as number;
    let nowMs = lastMs;
    const ledger = new SettlementLedger({ dataDir, now: () => nowMs });
    const done = ledger.ingest(
      bus.messages.map(({ subject, data }, n) => ({ subject, data, sequence: n + 1 })),
    );
    expect(done.every(({ isDone }) => isDone)).toBe(true);
    ledger.catalogue.setMarketSlot(BENCH_MARKET, 0);
    // The first 200 are settled half a second later, the others after seven.
    for (const [itemsMax, afterMs] of [
      [200, 500],
      [FILLS, 7_000],
    ] as const) {
      const { batch } = ledger.buildBatch({ ...NO_LIMITS, itemsMax });
      ledger.batches.markSubmitted(batch?.sequence as number);
      nowMs = lastMs + afterMs;
      ledger.batches.markSettled(batch?.sequence as number);
    }
    const firstLag = lastMs + 500 - (timesMs[0] as number);
    const lags = lagsOf(dataDir, 1, FILLS);
    ledger.close();
    expect(lags).toMatchObject({ batches: 2, fillsABatch: 150 });
    expect(lags.p50Ms).toBeLessThanOrEqual(firstLag);
    expect(lags.p50Ms).toBeGreaterThanOrEqual(500);
    expect(lags.p99Ms).toBeGreaterThanOrEqual(7_000);
    expect(lags.maxMs).toBe(lastMs + 7_000 - (timesMs[200] as number));
  });
});
