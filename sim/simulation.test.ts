import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from './faults.js';
import { Simulation } from './simulation.js';

function run(seed: number, steps: number, faults: readonly (typeof FAULT_NAMES)[number][]) {
  return new Simulation({ seed, steps, faults: new Set(faults) }).run();
}

describe('a simulated shard', () => {
  it('trades, refuses, dies, recovers, is repaired and resumes, and holds its invariants', async () => {
    const total: Record<string, number> = {};
    for (let seed = 1; seed <= 10; seed++) {
      const { counts } = await run(seed, 400, FAULT_NAMES);
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
    }
    const never = Object.entries(total).filter(([, count]) => count === 0);
    expect(never).toEqual([]);
  });

  it('runs the same way twice', async () => {
    const first = await run(77, 300, FAULT_NAMES);
    expect(await run(77, 300, FAULT_NAMES)).toEqual(first);
    expect((await run(78, 300, FAULT_NAMES)).stateHash).not.toBe(first.stateHash);
  });

  it('says at which step something did not hold', async () => {
    const simulation = new Simulation({ seed: 5, steps: 50, faults: new Set() });
    const broken = simulation as unknown as { step(step: number): Promise<void> };
    const step = broken.step.bind(simulation);
    broken.step = async (n) => {
      if (n === 7) throw new Error('the sky fell');
      await step(n);
    };
    await expect(simulation.run()).rejects.toMatchObject({ step: 7, message: 'the sky fell' });
  });
});
