import { describe, expect, it } from 'vitest';
import { createShardCore } from '../../main/compose.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { generateWorkload } from '../workload/generator.js';
import { referenceResult } from '../workload/reference-result.js';
import { InlinePort } from './inline-port.fixture.js';
import { ShardDriver } from './shard-driver.js';

describe('the driver of a shard', () => {
  it('gets an answer to every command, and the trades of the reference', async () => {
    const { workload } = generateWorkload(1, 4000);
    const expected = referenceResult(workload, 4000);
    const driver = new ShardDriver(new InlinePort(createShardCore()), workload, 300);
    await driver.setUp(300);
    const prefill = workload.prefillCount;
    await driver.fullSpeed(0, prefill);
    expect(await driver.fullSpeed(prefill, prefill + 2000)).toBeGreaterThan(0);
    const histogram = new LatencyHistogram();
    await driver.openLoop(prefill + 2000, prefill + 4000, 20_000, histogram);
    expect(histogram.samples).toBe(2000);
    const { trades, volume, checksum } = driver.tally;
    expect({ trades, volume, checksum }).toEqual({
      trades: expected.trades,
      volume: expected.volume,
      checksum: expected.checksum,
    });
  });
});
