import { describe, expect, it } from 'vitest';
import { byOracleOrWithout, freezeOverOne } from './escape-command.js';

/** Tries requests of these accounts, of which those can be frozen over; account 7 is the caller's. */
async function attempt(accounts: readonly number[], good: readonly number[]): Promise<number[]> {
  const tried: number[] = [];
  const requests = accounts.map((accountId) => ({ accountId }));
  await freezeOverOne(requests, 7, async ({ accountId }) => {
    tried.push(accountId);
    if (!good.includes(accountId)) throw new Error(`not servable: ${accountId}`);
  });
  return tried;
}

describe('the request over which an exchange is frozen', () => {
  it('is the caller’s own, whoever has asked before', async () => {
    expect(await attempt([1, 2, 7], [1, 2, 7])).toEqual([7]);
  });

  it('is the oldest that the program takes, when the caller has none that it takes', async () => {
    expect(await attempt([1, 2, 3], [2, 3])).toEqual([1, 2]);
    expect(await attempt([1, 7, 3], [3])).toEqual([7, 1, 3]);
  });

  it('is none when the program takes none: the trouble with the first is told', async () => {
    await expect(attempt([1, 7, 3], [])).rejects.toThrow('not servable: 7');
    await expect(attempt([], [])).rejects.toThrow('begin with request-exit');
  });
});

describe('the exit price of a market', () => {
  const DAY_SECONDS = 24 * 3_600;
  const nowSeconds = () => Math.floor(Date.now() / 1_000);

  /** What was tried for an exchange that was frozen so many days ago. */
  async function fixed(hasPositions: boolean, days: number, hasOracle: boolean): Promise<string[]> {
    const tried: string[] = [];
    await byOracleOrWithout(hasPositions, BigInt(nowSeconds() - Math.round(days * DAY_SECONDS)), {
      byOracle: async () => {
        tried.push('byOracle');
        if (!hasOracle) throw new Error('the price is too old');
      },
      without: async () => {
        tried.push('without');
      },
    });
    return tried;
  }

  it('is the oracle’s while it has one, and its own average where nobody has a position', async () => {
    expect(await fixed(true, 0, true)).toEqual(['byOracle']);
    expect(await fixed(true, 4, true)).toEqual(['byOracle']);
    expect(await fixed(false, 0, false)).toEqual(['without']);
  });

  it('needs no oracle that has been silent for three days', async () => {
    expect(await fixed(true, 3.01, false)).toEqual(['byOracle', 'without']);
    await expect(fixed(true, 2.9, false)).rejects.toThrow(
      /^the price is too old; from 20.*Z on it works without the oracle$/,
    );
  });
});
