import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { OracleIndex } from '../../oracle/oracle.js';
import { priceUpdateAccounts, RECEIVER_PROGRAM } from '../../oracle/solana/price-update-account.js';
import { buildPriceUpdate } from '../../oracle/testing/account-builder.js';
import { HermesServer } from '../../oracle/testing/hermes-server.js';
import { RpcServer } from '../../oracle/testing/rpc-server.js';
import { TestGuardians } from '../../oracle/testing/test-guardians.js';
import { buildUpdate } from '../../oracle/testing/update-builder.js';
import { readConfig } from '../config/config.js';
import type * as PythOracleModule from './pyth-oracle.js';
import type { OracleTask } from './pyth-task.js';

/** Threads run compiled code; `npm test` compiles before it starts. */
const compiled = pathToFileURL(path.resolve('dist/main/exchange/pyth-oracle.js')).href;
const SOL = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';
const PATIENCE = { timeout: 30_000 };

it('the oracle’s thread is started again after it has failed, and has Hermes and Solana agree', async () => {
  const guardians = new TestGuardians(1, 4);
  const hermes = await HermesServer.start();
  const rpc = await RpcServer.start();
  const spec = { feedId: SOL, price: 18_000_000_000n, publishTimeMs: Date.now() };
  hermes.latest = buildUpdate(guardians, [spec]);
  const address = priceUpdateAccounts(3).addressOf(SOL).toBase58();
  const data = buildPriceUpdate({ ...spec, price: 18_010_000_000n });
  rpc.accounts.set(address, { owner: RECEIVER_PROGRAM.toBase58(), data });
  const { priceSources } = readConfig(null);
  const guards = { ...priceSources.guards, sourcesMin: 2, goodRounds: 1, ageMaxMs: 60_000 };
  const task: OracleTask = {
    purpose: 'oracle',
    sources: {
      ...priceSources,
      hermesUrls: [hermes.url],
      solanaUrls: [rpc.url],
      solanaShard: 3,
      intervalMs: 20,
    },
    // Without a guardian there is no set: the thread ends with an error.
    guardians: { ...guardians.history, root: { index: 1, addresses: [] } },
    markets: [
      {
        marketId: 3,
        symbol: 'SOL-PERP',
        feed: SOL,
        tick: { mantissa: 1, decimals: 3 },
        priceTicksMax: 100_000_000,
        guards,
        lastPublishMs: 0,
      },
    ],
  };
  const { PythOracle } = (await import(compiled)) as typeof PythOracleModule;
  const errors: Error[] = [];
  const indices: OracleIndex[] = [];
  const oracle = new PythOracle({
    task,
    onIndex: (index) => indices.push(index),
    onEvent: () => {},
    // The next start is to have a set, and may come before this test looks again.
    onError: (error) => {
      errors.push(error);
      task.guardians = guardians.history;
    },
  });
  oracle.start();
  await expect.poll(() => errors.length, PATIENCE).toBe(1);
  expect(errors[0]?.message).toMatch(/a set must have 1 to 255 guardians, but has 0/);
  await expect.poll(() => indices.length, PATIENCE).toBeGreaterThan(0);
  expect(indices[0]).toMatchObject({ marketId: 3, priceTicks: 180_050 });
  await expect
    .poll(() => oracle.status().sources.map(({ name, state }) => [name, state]), PATIENCE)
    .toEqual([
      ['hermes-1', 'live'],
      ['solana-1', 'live'],
    ]);
  await oracle.stop();
  expect(errors).toHaveLength(1);
  await expect.poll(() => hermes.openStreams, PATIENCE).toBe(0);
  await hermes.stop();
  await rpc.stop();
});
