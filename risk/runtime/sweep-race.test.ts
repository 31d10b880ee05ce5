import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type * as Race from './sweep-race.fixture.js';

const FULL = process.env.PLIMSOLL_FULL === '1';
/** Threads run compiled code; `npm test` compiles before it starts. */
const compiled = pathToFileURL(path.resolve('dist/risk/runtime/sweep-race.fixture.js')).href;

describe('threads that sweep accounts while the shard writes them', () => {
  it('liquidate nobody who is sound at that moment, and miss nobody who stays below', async () => {
    const { race } = (await import(compiled)) as typeof Race;
    const rounds = FULL ? 1_000_000 : 5_000;
    const result = await race({ seed: 1, rounds, threads: 2, accounts: 120 });
    expect(result.rounds).toBe(rounds);
    expect(result.failures).toBe(0);
    expect(result.liquidated).toBeGreaterThan(rounds / 200);
    expect(result.proven).toBeGreaterThan(rounds / 200);
    expect(result.sweptAgain).toBeGreaterThan(rounds);
  }, 3_600_000);

  it('do so when they are killed in the middle of it, again and again', async () => {
    const { race } = (await import(compiled)) as typeof Race;
    const rounds = 1_000;
    const result = await race({ seed: 2, rounds, threads: 2, accounts: 120, kills: 12 });
    expect(result.rounds).toBeGreaterThanOrEqual(rounds);
    expect([result.killed, result.failures]).toEqual([12, 12]);
    expect(result.liquidated).toBeGreaterThan(10);
    expect(result.proven).toBeGreaterThan(10);
  }, 300_000);
});
