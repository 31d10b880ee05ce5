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
  await expect(rounds.round()).rejects.toThrow('sixteen markets');
  await rounds.round();
  await expect(rounds.round()).rejects.toThrow('sixteen markets');
  expect(rows).toEqual([3]);
  expect(rounds.areMarketsPlaced).toBe(true);
});

it('gives all markets their places before anybody can pay in, or they would wait for the time lock', async () => {
  const ledger = openLedger(makeScratch());
  const worth = { microUsdNumerator: 100, microUsdDenominator: 1 };
  for (const marketId of [1, 2, 3]) {
    ledger.catalogue.addMarket({ marketId, symbol: `M${marketId}-PERP`, ...worth } as never);
  }
  const account = { accountId: 3, parentId: 0, publicKey: null };
  ledger.catalogue.addAccount(0, { sequence: 1, timeMs: 1, ...account, kind: 'accountCreated' });
  const done: string[] = [];
  const chain = {
    slots: async () => [],
    addMarket: async ({ symbol }: { symbol: string }) => {
      done.push(symbol);
      return done.length === 3 ? null : done.length;
    },
    addRows: async () => {
      done.push('rows');
    },
  } as unknown as ChainDoor;
  const rounds = new AccountRounds({
    ...{ ledger, chain },
    houseKey: new Uint8Array(32),
    now: () => 1,
  });
  expect(rounds.areMarketsPlaced).toBe(false);
  await rounds.round();
  await rounds.round();
  expect(rounds.areMarketsPlaced).toBe(false);
  // The third one is told to wait.
  await rounds.round();
  expect(done).toEqual(['M1-PERP', 'M2-PERP', 'M3-PERP', 'rows']);
  expect(rounds.areMarketsPlaced).toBe(true);
});
