import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../faults.js';
import { SettlementSimulation } from './settlement-simulation.js';
import { SimulatedChain } from './simulated-chain.js';

const SEEDS = [1, 5, 6];
const ALL = new Set(FAULT_NAMES);

function run(seed: number, steps: number, faults = ALL) {
  return new SettlementSimulation(seed, steps, faults).run();
}

describe('simulated settlement', () => {
  it('brings everything to the chain exactly, while each fault happens', async () => {
    const total = new Map<string, number>();
    // Some things are rare: each of them happens in one of these.
    for (const seed of SEEDS) {
      const { counts } = await run(seed, 500);
      for (const [name, count] of Object.entries(counts)) {
        total.set(name, (total.get(name) ?? 0) + count);
      }
    }
    const never = [...total].filter(([, count]) => count === 0).map(([name]) => name);
    expect(never).toEqual([]);
    for (const state of ['completed', 'givenBack', 'refused']) {
      expect(total.get(`withdrawals:${state}`)).toBeGreaterThan(0);
    }
    expect(total.get('deposits:credited')).toBeGreaterThan(20);
    expect(total.get('fills')).toBeGreaterThan(200);
  });

  it('runs the same way twice, and without faults as well', async () => {
    const first = await run(77, 200);
    expect(await run(77, 200)).toEqual(first);
    const sound = await run(77, 200, new Set());
    expect(sound.hash).not.toBe(first.hash);
    expect(sound.counts.settlementKills).toBe(0);
    expect(sound.batches).toBeGreaterThan(1);
  });

  it('finds money that is on chain twice', async () => {
    const { submit } = SimulatedChain.prototype;
    let doubled = 0;
    SimulatedChain.prototype.submit = function (transaction) {
      submit.call(this, transaction);
      const again = { ...transaction, signature: `${transaction.signature}-again` };
      if (this.finalized.deposits.length > 3 && doubled++ === 0) {
        submit.call(this, {
          ...again,
          apply: (state) => state.deposit(again.signature, 1, 7, 'operator'),
        });
      }
    };
    try {
      await expect(run(3, 100, new Set())).rejects.toThrow(/collateral of account 1: engine/);
    } finally {
      SimulatedChain.prototype.submit = submit;
    }
  });
});
