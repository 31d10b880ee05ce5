import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateHash } from '../engine/runtime/journal/state-hash.js';
import { AllDoors, NO_RATES } from './testing/all-doors.js';
import { badChannels } from './testing/bad-channels.js';
import { Mutations } from './testing/mutations.js';

const IS_FULL = process.env.PLIMSOLL_FULL === '1';
/** A million in all: those of HTTP and of sessions that bad messages end cost more, so they are fewer. */
const FULL: Readonly<Record<string, number>> = {
  'native, JSON': 300_000,
  'native, msgpack': 300_000,
  'Binance, /ws-fapi/v1': 150_000,
  'Binance, /ws': 100_000,
  'Binance, names in the address': 10_000,
  'native HTTP': 20_000,
  'Binance HTTP': 20_000,
  'SBE in FIXP': 60_000,
  'FIX 4.4': 50_000,
};
const SAMPLE = 1_000;
/** By then buffers have found their size, and an account of the binary door has all sessions that it may have. */
const WARM_UP = 500;
/**
 * What heap and buffers may grow by after that, whatever came. Bounded memories (signatures and negotiations of the last minute, counters of
 * addresses, flows of sessions) and sockets that are about to go are all that fills up: a few bytes kept of each of a million messages would be
 * more. The sample finds who keeps whole messages or connections.
 */
const GROWTH_BYTES_MAX = 8 * 1024 * 1024;
/** One micro-USD: no order can be paid for, so no message that is good by chance changes the state. */
const NO_MONEY = 1;

let doors: AllDoors;

beforeAll(async () => {
  doors = new AllDoors({ limits: NO_RATES, money: NO_MONEY, flowBytesMax: 256 * 1024 });
  await doors.start();
});
afterAll(async () => {
  await doors.close();
  expect(doors.errors).toEqual([]);
});

async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  // What has ended is let go in the turns after it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('bad messages', () => {
  it('together are a million', () => {
    expect(Object.values(FULL).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1e6);
    expect(
      badChannels()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(FULL).sort());
  });

  it.each(badChannels().map((channel) => [channel.name, channel] as const))(
    'are answered or end their connection, change no state and leave nothing behind: %s',
    { timeout: 1_800_000 },
    async (name, channel) => {
      const count = IS_FULL ? (FULL[name] as number) : SAMPLE;
      const mutations = new Mutations(name.length * 1_000 + 1);
      const hash = stateHash(doors.core);
      await channel.open(doors, 1);
      const warmUp = Math.max(WARM_UP, count / 10);
      await channel.send(mutations, warmUp);
      const before = await heapBytes();
      await channel.send(mutations, count - warmUp);
      expect((await heapBytes()) - before).toBeLessThan(GROWTH_BYTES_MAX);
      channel.close();
      expect(stateHash(doors.core)).toBe(hash);
      expect(doors.core.moneyDifferenceMicroUsd()).toBe(0n);
      // Whoever is good is served as before.
      const client = await doors.native(2);
      await expect(client.time()).resolves.toBeGreaterThan(0);
      await client.close();
    },
  );
});
