import { describe, expect, it } from 'vitest';
import { createShardCore } from '../../main/compose.js';
import { generateWorkload } from '../workload/generator.js';
import { referenceResult } from '../workload/reference-result.js';
import { CoreEngine } from './core-engine.js';
import { openNullJournal } from './null-journal.js';
import { accountOfOrder } from './workload-commands.js';

describe('the whole core driven by a workload', () => {
  it.each([1, 2] as const)('trades like the reference, mix %d', (mix) => {
    const { workload } = generateWorkload(mix, 3000);
    const engine = new CoreEngine(createShardCore(), openNullJournal(), 700, workload);
    engine.run(0, workload.prefillCount);
    engine.run(workload.prefillCount, workload.prefillCount + 3000);
    expect(engine.result()).toEqual(referenceResult(workload, 3000));
  });
});

describe('the account of an order', () => {
  it('depends on the order alone, and all accounts get about as many', () => {
    const counts = new Array<number>(101).fill(0);
    for (let id = 1; id <= 100_000; id++) {
      const account = accountOfOrder(id, 100);
      counts[account] = (counts[account] ?? 0) + 1;
    }
    expect(counts[0]).toBe(0);
    expect(Math.min(...counts.slice(1))).toBeGreaterThan(900);
    expect(Math.max(...counts)).toBeLessThan(1100);
  });
});
