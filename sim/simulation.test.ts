import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from './faults.js';
import { runSeed } from './run-seed.js';
import { Simulation } from './simulation.js';
import { SpreadSimulation } from './spread/spread-simulation.js';

const faults = new Set(FAULT_NAMES);

function sumUp(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

function neverHappened(total: Record<string, number>): string[] {
  return Object.keys(total).filter((name) => total[name] === 0);
}

describe('a simulated shard', () => {
  it('trades, refuses, dies, recovers, is repaired and resumes, and holds its invariants', async () => {
    const all: Record<string, number>[] = [];
    // Some things are rare in runs as short as these: each of them happens in one of them.
    for (const seed of [4, 6, 8, 10, 15]) {
      all.push((await new Simulation(seed, 400, faults).run()).counts);
    }
    expect(neverHappened(sumUp(all))).toEqual([]);
  });

  it('runs the same way twice', async () => {
    const first = await runSeed({ seed: 77, steps: 200, faults });
    expect(await runSeed({ seed: 77, steps: 200, faults })).toEqual(first);
    const other = await new Simulation(78, 200, faults).run();
    expect(other.stateHash).not.toBe(first.stateHash);
  });

  it('says with what and at which step something did not hold', async () => {
    const step = Simulation.prototype as unknown as { send(this: Simulation): void };
    const { send } = step;
    step.send = function (this: Simulation) {
      if (this.step === 7) throw new Error('the sky fell');
      send.call(this);
    };
    try {
      const failure = { part: 'one shard', step: 7, message: 'the sky fell' };
      await expect(runSeed({ seed: 5, steps: 50, faults })).rejects.toMatchObject(failure);
    } finally {
      step.send = send;
    }
  });
});

describe('several simulated shards', () => {
  it('lose, repeat and delay messages and crash alone, and hold what holds over all of them', async () => {
    const all: Record<string, number>[] = [];
    for (const seed of [35, 182, 323, 476]) {
      all.push((await new SpreadSimulation(seed, 250, faults).run()).counts);
    }
    // Too rare for short runs: a sender that forgot what a cut made necessary again, a bracket that fills in parts, a TWAP to its end, a bid in an auction.
    const rare = ['olderSnapshots', 'legsResized', 'twapsFilled', 'takenOver'];
    const counts = Object.fromEntries(
      Object.entries(sumUp(all)).filter(([name]) => !rare.includes(name)),
    );
    expect(neverHappened(counts)).toEqual([]);
  });
});
