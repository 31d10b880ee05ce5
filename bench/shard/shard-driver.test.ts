import { describe, expect, it } from 'vitest';
import { openInlineShard } from '../../main/exchange/inline-shard.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { generateWorkload } from '../workload/generator.js';
import { referenceResult } from '../workload/reference-result.js';
import { openScratchShard } from './scratch-shard.js';
import { ShardDriver } from './shard-driver.js';

describe('the driver of a shard', () => {
  it('gets an answer to every command, and the trades of the reference', async () => {
    const { workload } = generateWorkload(1, 4000);
    const expected = referenceResult(workload, 4000);
    const { shard, close } = await openScratchShard(openInlineShard);
    const driver = new ShardDriver(shard.gatewayPort, workload, 300);
    await driver.setUp(shard, 300);
    const prefill = workload.prefillCount;
    await driver.fullSpeed(0, prefill);
    expect(await driver.fullSpeed(prefill, prefill + 2000)).toBeGreaterThan(0);
    const histogram = new LatencyHistogram();
    await driver.openLoop(prefill + 2000, prefill + 4000, 20_000, histogram);
    expect(histogram.samples).toBe(2000);
    const { trades, volume, checksum } = driver.tally;
    const { trades: t, volume: v, checksum: c } = expected;
    expect({ trades, volume, checksum }).toEqual({ trades: t, volume: v, checksum: c });
    await close();
  });
});
