import { afterEach, expect, it } from 'vitest';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { AccountRounds } from './account-rounds.js';
import type { ChainDoor } from './chain-door.js';

afterEach(removeScratch);

it('accounts get their rows also while the chain refuses a market', async () => {
  const ledger = openLedger(makeScratch());
  const place = { sequence: 1, timeMs: 1 };
  const account = { accountId: 3, parentId: 0, publicKey: null };
  const worth = { microUsdNumerator: 100, microUsdDenominator: 1 };
  ledger.catalogue.addMarket({ marketId: 1, symbol: 'BTC-PERP', ...worth } as never);
  ledger.catalogue.addAccount(0, { ...place, ...account, kind: 'accountCreated' });
  const rows: number[] = [];
  const chain = {
    slots: async () => [],
    addMarket: async () => {
      throw new Error('the chain has sixteen markets');
    },
    addRows: async (owned: { accountId: number }[]) => {
      rows.push(...owned.map(({ accountId }) => accountId));
    },
  } as unknown as ChainDoor;
  const houseKey = new Uint8Array(32);
  const rounds = new AccountRounds({ ledger, chain, houseKey, now: () => 1 });
  await rounds.round();
  await expect(rounds.round()).rejects.toThrow('sixteen markets');
  expect(rows).toEqual([3]);
});
