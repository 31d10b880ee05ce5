import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildPriceUpdate, buildPythnetPrice } from '../testing/account-builder.js';
import { RpcServer } from '../testing/rpc-server.js';
import { Recorder } from '../testing/source-listener.js';
import { AccountSource, type AccountSourceOptions } from './account-source.js';
import { priceUpdateAccounts, RECEIVER_PROGRAM } from './price-update-account.js';
import { PYTHNET_PROGRAM, pythnetAccounts } from './pythnet-account.js';

const BTC = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
const SOL = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';
const NOW_MS = 1_790_000_000_000;
const kind = priceUpdateAccounts(0);
const running: AccountSource[] = [];
let server: RpcServer;
let heard: Recorder;
let nowMs: number;

function start(change: Partial<AccountSourceOptions> = {}): AccountSource {
  const source = new AccountSource({
    name: 'solana-1',
    url: server.url,
    kind,
    feeds: [SOL],
    pollMs: 5,
    answerWithinMs: 20_000,
    silenceMaxMs: 15_000,
    backOff: { firstMs: 2, mostMs: 10 },
    aheadMaxMs: 5_000,
    nowMs: () => nowMs,
    random: () => 0,
    ...change,
  });
  running.push(source);
  source.start(heard);
  return source;
}

/** The price is its second. */
function put(feedId: string, second: number, slot = 0n): void {
  const spec = { feedId, price: BigInt(second), publishTimeMs: NOW_MS + second * 1000 };
  const data = buildPriceUpdate(spec, slot);
  server.accounts.set(kind.addressOf(feedId).toBase58(), {
    owner: RECEIVER_PROGRAM.toBase58(),
    data,
  });
}

beforeEach(async () => {
  server = await RpcServer.start();
  heard = new Recorder();
  nowMs = NOW_MS;
});

afterEach(async () => {
  for (const source of running.splice(0)) await source.stop();
  await server.stop();
});

describe('a source of accounts', () => {
  it('asks again and again, and goes forward only', async () => {
    put(SOL, 1);
    put(BTC, 2);
    const source = start({ feeds: [SOL, BTC] });
    await expect.poll(() => heard.prices).toEqual([1n, 2n]);
    expect(source.health().state).toBe('live');
    put(SOL, 0);
    await expect.poll(() => heard.notNewer).toContain('older');
    put(SOL, 1, 7n);
    await expect.poll(() => heard.prices).toEqual([1n, 2n, 1n]);
    put(SOL, 3);
    await expect.poll(() => heard.prices).toEqual([1n, 2n, 1n, 3n]);
    expect(source.latest(SOL)).toMatchObject({ mantissa: 3n, publishTimeMs: NOW_MS + 3000 });
    expect(source.latest(BTC)?.mantissa).toBe(2n);
  });

  it('reads Pythnet as well', async () => {
    const data = buildPythnetPrice({ feedId: BTC, price: 5n, publishTimeMs: NOW_MS });
    const address = pythnetAccounts.addressOf(BTC).toBase58();
    server.accounts.set(address, { owner: PYTHNET_PROGRAM.toBase58(), data });
    start({ kind: pythnetAccounts, feeds: [BTC] });
    await expect.poll(() => heard.prices).toEqual([5n]);
  });

  it('uses nothing of accounts that are not to be believed, and goes on with the others', async () => {
    put(BTC, 1);
    put(SOL, 6);
    start({ feeds: [SOL, BTC] });
    await expect.poll(() => heard.prices).toEqual([1n]);
    expect(heard.refused).toContain('publish_time_is_beyond_limit');
    server.accounts.delete(kind.addressOf(SOL).toBase58());
    await expect.poll(() => heard.refused).toContain('account_is_missing');
    put(SOL, 4);
    await expect.poll(() => heard.prices).toEqual([1n, 4n]);
  });

  it.each([
    ['too many', /429/],
    ['error', /Node is behind by 42 slots/],
    ['garbage', /./],
    ['endless', /too long|terminated/],
    ['hang', /./],
  ] as const)(
    'calls itself down when the endpoint is in mode "%s", and comes back',
    async (mode, problem) => {
      put(SOL, 1);
      server.mode = mode;
      const source = start({ answerWithinMs: mode === 'hang' ? 50 : 20_000 });
      await expect.poll(() => source.health().state).toBe('down');
      expect(source.health().problem).toMatch(problem);
      expect(source.health().problem).not.toContain(server.url);
      await expect.poll(() => server.requests).toBeGreaterThan(2);
      server.mode = 'serve';
      await expect.poll(() => heard.prices).toEqual([1n]);
      // With so little patience it may be down again for a moment when the machine pauses.
      await expect.poll(() => source.health()).toEqual({ state: 'live', problem: null });
    },
  );

  it('calls itself silent when the accounts do not change any more', async () => {
    put(SOL, 1);
    const source = start();
    await expect.poll(() => source.health().state).toBe('live');
    nowMs += 15_001;
    await expect.poll(() => source.health().state).toBe('silent');
    put(SOL, 12);
    await expect.poll(() => source.health().state).toBe('live');
  });

  it('asks nobody any more when it is stopped, not even while a question is under way', async () => {
    server.mode = 'hang';
    const source = start();
    await expect.poll(() => server.requests).toBe(1);
    await source.stop();
    expect(source.health().state).toBe('stopped');
    expect(heard.states).toEqual(['stopped']);
  });
});
