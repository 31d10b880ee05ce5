import { describe, expect, it } from 'vitest';
import { freezeOverOne } from './escape-command.js';

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
