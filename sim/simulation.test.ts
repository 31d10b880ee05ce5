import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from './faults.js';
import { Simulation } from './simulation.js';

const isFull = process.env.PLIMSOLL_FULL === '1';
const SEEDS = isFull ? 200 : 12;
const STEPS = isFull ? 600 : 400;

function run(seed: number, steps = STEPS, faults: readonly (typeof FAULT_NAMES)[number][] = []) {
  return new Simulation({ seed, steps, faults: new Set(faults) }).run();
}

describe('a simulated shard', () => {
  it(
    `holds its invariants over ${SEEDS} seeds with every fault`,
    async () => {
      for (let seed = 1; seed <= SEEDS; seed++) await run(seed, STEPS, FAULT_NAMES);
    },
    isFull ? 900_000 : 60_000,
  );

  it('runs the same way twice', async () => {
    const first = await run(77, 300, FAULT_NAMES);
    expect(await run(77, 300, FAULT_NAMES)).toEqual(first);
    expect((await run(78, 300, FAULT_NAMES)).stateHash).not.toBe(first.stateHash);
  });

  it('trades, refuses, recovers, repairs and resumes', async () => {
    const total: Record<string, number> = {};
    for (let seed = 1; seed <= 6; seed++) {
      const { counts } = await run(seed, 500, FAULT_NAMES);
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
    }
    const never = Object.entries(total).filter(([, count]) => count === 0);
    expect(never).toEqual([]);
  });
});
