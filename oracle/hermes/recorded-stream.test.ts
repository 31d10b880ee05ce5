import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexGuards } from '../index/guards.js';
import { Oracle, type OracleEvent, type OracleIndex } from '../oracle.js';
import { type GuardianHistory, GuardianSets } from '../pyth/guardian-sets.js';
import { UpdateVerifier } from '../pyth/update-verifier.js';
import { HermesServer } from '../testing/hermes-server.js';
import {
  bytesOf,
  type RecordedUpdate,
  recordedUpdates,
  sharedIsMissing,
} from '../testing/recorded-updates.js';
import { HermesSource } from './hermes-source.js';

const BTC = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
const GUARDS: IndexGuards = {
  ageMaxMs: 10_000,
  aheadMaxMs: 5_000,
  confidenceMaxPpm: 10_000,
  deviationMaxPpm: 10_000,
  sourcesMin: 1,
  goodRounds: 1,
};
const missing = sharedIsMissing();
const history = new URL('../pyth/guardian-sets.json', import.meta.url);
let server: HermesServer;
let oracle: Oracle;
let nowMs: number;
let events: OracleEvent[];
let indices: OracleIndex[];

/** What has come of everything that was sent. */
function heard(): number {
  const [source] = oracle.status().sources;
  const refused = Object.values(source?.refused ?? {}).reduce((sum, count) => sum + count, 0);
  return (source?.newer ?? 0) + (source?.repeats ?? 0) + (source?.older ?? 0) + refused;
}

/** Sends bytes at a moment of the recording, and lets the oracle look at what came of them. */
async function send(bytes: Buffer, timeMs: number): Promise<void> {
  nowMs = timeMs;
  const before = heard();
  server.send(bytes);
  await expect.poll(heard, { interval: 1 }).toBe(before + 1);
  oracle.evaluate();
}

beforeEach(async () => {
  server = await HermesServer.start();
  events = [];
  indices = [];
  nowMs = 0;
  const sets = new GuardianSets(JSON.parse(fs.readFileSync(history, 'utf8')) as GuardianHistory);
  const source = new HermesSource({
    name: 'hermes-1',
    url: server.url,
    feeds: [BTC],
    verifier: new UpdateVerifier(sets),
    connectWithinMs: 20_000,
    silenceMaxMs: 60_000,
    backOff: { firstMs: 2, mostMs: 10 },
    aheadMaxMs: 5_000,
    nowMs: () => nowMs,
    random: () => 0,
  });
  const tick = { mantissa: 1, decimals: 1 };
  const limits = { priceTicksMax: 100_000_000, guards: GUARDS, lastPublishMs: 0 };
  oracle = new Oracle({
    sources: [source],
    markets: [{ marketId: 1, symbol: 'BTC-PERP', feed: BTC, tick, ...limits }],
    nowMs: () => nowMs,
    onIndex: (index) => indices.push(index),
    onEvent: (event) => events.push(event),
  });
  oracle.start();
  await expect.poll(() => server.openStreams).toBe(1);
});

afterEach(async () => {
  await oracle.stop();
  await server.stop();
});

describe.skipIf(missing !== null)(
  `Hermes with mainnet’s updates (${missing ?? 'recorded'})`,
  () => {
    /** Those with BTC, oldest first, each second once. */
    function bitcoin(): RecordedUpdate[] {
      const withBtc = recordedUpdates().filter(({ updates }) => updates.some(isBtc));
      const sorted = withBtc.sort((a, b) => a.pythnetSlot - b.pythnetSlot);
      return sorted.filter((one, i) => one.pythnetSlot !== sorted[i - 1]?.pythnetSlot);
    }

    const isBtc = ({ feedId }: { feedId: string }) => feedId === BTC;
    const timeOf = ({ updates }: RecordedUpdate) => (updates.find(isBtc)?.publishTime ?? 0) * 1000;
    /** To the nearest tick of ten cents. */
    const ticksOf = ({ updates }: RecordedUpdate) => {
      const { price = '0', expo = 0 } = updates.find(isBtc) ?? {};
      return Math.round(Number(price) * 10 ** (expo + 1));
    };

    it('every recorded price becomes the index, in order, in spite of drops, repeats and what comes late', async () => {
      const all = bitcoin();
      expect(all.length).toBeGreaterThan(10);
      // Every fifth is lost on the way.
      const sent = all.filter((_, i) => i % 5 !== 4);
      for (const [i, update] of sent.entries()) {
        await send(bytesOf(update), timeOf(update));
        await send(bytesOf(update), timeOf(update));
        const late = sent[i - 2];
        if (late !== undefined) await send(bytesOf(late), timeOf(update));
      }
      expect(indices.map(({ priceTicks }) => priceTicks)).toEqual(sent.map(ticksOf));
      expect(indices.map(({ publishTimeMs }) => publishTimeMs)).toEqual(sent.map(timeOf));
      const [source] = oracle.status().sources;
      const repeats = sent.length;
      expect(source).toMatchObject({ newer: sent.length, repeats, state: 'live' });
      // What comes late is older, and all of it is still believed: its root was checked when it was new.
      expect(source).toMatchObject({ older: sent.length - 2, refused: {} });
    });

    it('a forged signature, a wrong proof, an old guardian set and a wrong feed change nothing', async () => {
      const update = bitcoin().at(-1) as RecordedUpdate;
      const timeMs = timeOf(update);
      await send(bytesOf(update), timeMs);
      const index = indices.at(-1);
      const damaged = (at: number) => {
        const bytes = Buffer.from(bytesOf(update));
        bytes[at] = (bytes[at] as number) ^ 1;
        return bytes;
      };
      const { length } = bytesOf(update);
      const ofOthers = recordedUpdates().find(({ updates, guardianSetIndex }) => {
        return guardianSetIndex === 4 && updates.every((one) => one.feedId !== BTC && one.price);
      }) as RecordedUpdate;
      await send(damaged(30), timeMs);
      await send(damaged(length - 1), timeMs);
      await send(bytesOf(ofOthers), timeMs);
      const faults = events.map((event) => (event.kind === 'update_refused' ? event.fault : null));
      expect(faults.filter((fault) => fault !== null)).toEqual([
        'signature_is_wrong',
        'proof_is_wrong',
        'feed_is_foreign',
      ]);
      const old = bitcoin().find(
        ({ guardianSetIndex }) => guardianSetIndex === 3,
      ) as RecordedUpdate;
      await send(bytesOf(old), timeMs);
      expect(events.at(-1)).toMatchObject({ fault: 'guardian_set_has_expired' });
      expect(indices.at(-1)).toBe(index);
      expect(indices).toHaveLength(1);
    });
  },
);
