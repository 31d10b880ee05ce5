import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { writeMarketParams } from '../../engine/market/market-params.js';
import { EW_REQUEST, headOf, SLOT_WORDS, typeOf, W_REQUEST } from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { ManualClock } from '../../engine/runtime/clock.js';
import { DirectOutput } from '../../engine/runtime/event-output.js';
import { openShard } from '../../engine/runtime/journal/open-shard.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { ShardHost } from '../../engine/runtime/shard-host.js';
import { createShardCore } from '../compose.js';
import { readConfig } from '../config/config.js';

const FULL = process.env.PLIMSOLL_FULL === '1';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-wild-'));
const ACCOUNTS = 3;

/** A shard with accounts, money and open markets, behind a port that passes everything. */
function exchange(name: string) {
  const opened = openShard(path.join(folder, name), 0, () => createShardCore(), {
    policy: 'never',
  });
  const { shard, journal } = opened;
  const memory = createRing(4096);
  const commands = new RingWriter(memory);
  const output = new DirectOutput();
  const answers: { type: number; request: number }[] = [];
  output.consumer = (words, _floats, at) => {
    const request = words[at + EW_REQUEST] as number;
    const kind = typeOf(words[at] as number);
    if (kind !== type.EVT_FRAME && request !== 0) answers.push({ type: kind, request });
  };
  const ports = [{ portId: 1, input: new RingReader(memory), output, door: 'operators' as const }];
  const host = new ShardHost({ shard, journal, clock: new ManualClock(1e12), ports });
  host.begin();
  const send = (words: Int32Array) => {
    commands.tryWrite(words, 0, words.length / SLOT_WORDS);
    commands.publish();
    while (host.step());
  };
  setUp(send);
  return { opened, shard, host, send, answers };
}

function setUp(send: (words: Int32Array) => void): void {
  for (let i = 0; i < ACCOUNTS; i++) send(message(type.CMD_CREATE_ACCOUNT, 2, 0, {}, {}));
  for (let account = 1; account <= ACCOUNTS; account++) {
    send(message(type.CMD_DEPOSIT, 1, 0, { 1: account }, { 2: 1e11 }));
  }
  for (const { marketId, params, referenceTicks } of readConfig(null).markets) {
    const listing = message(type.CMD_LIST_MARKET, 3, marketId, {}, {});
    writeMarketParams(listing, new Float64Array(listing.buffer), SLOT_WORDS, params);
    send(listing);
    send(message(type.CMD_SET_MARKET_STATE, 1, marketId, { 2: 1 }, {}));
    send(message(type.CMD_ORACLE_PRICE, 1, marketId, { 3: referenceTicks }, { 2: 1e12 }));
  }
}

/** A message with some of its words and floats set. */
function message(
  kind: number,
  slots: number,
  market: number,
  words: Record<number, number>,
  floats: Record<number, number>,
): Int32Array {
  const own = new Int32Array(slots * SLOT_WORDS);
  own[0] = headOf(kind, slots, market);
  const view = new Float64Array(own.buffer);
  for (const [at, value] of Object.entries(floats)) view[Number(at)] = value;
  for (const [at, value] of Object.entries(words)) own[Number(at)] = value;
  return own;
}

const word = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 1_000_000, 999_990, 1_000_010, 350_000, 180_000),
  fc.integer(),
);
const float = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 0.5, 1e12, 1e12 + 1, 2 ** 40, 2 ** 52),
  fc.constantFrom(2 ** 53, -(2 ** 53), 1e300, Number.MIN_VALUE),
  fc.double(),
);
/** Every type there is and some that are not, in every length, with fields from sound to absurd. */
const wild = fc
  .record({
    kind: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.nat(255)),
    slots: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 4 })),
    market: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(65_535, 77)),
    account: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: ACCOUNTS }) }, word),
    flags: fc.oneof(fc.nat(2047), word),
    price: word,
    floats: fc.record({ 2: float, 3: float, 4: float, 6: float, 7: float }),
    tail: fc.array(word, { maxLength: 12 }),
  })
  .map(({ kind, slots, market, account, flags, price, floats, tail }) => {
    const own = message(kind, slots, market, { 1: account, 2: flags, 3: price }, floats);
    if (slots > 1) own.set(tail, SLOT_WORDS);
    return own;
  });

afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('a shard under wild messages', () => {
  it('answers each of them, breaks no invariant, and replays to the same state', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(wild, { minLength: 1, maxLength: 60 }), async (messages) => {
        const name = `run-${run++}`;
        const { opened, shard, host, send, answers } = exchange(name);
        for (const [i, own] of messages.entries()) {
          const request = i + 1;
          own[W_REQUEST] = request;
          const before = stateHash(shard);
          send(own);
          expect(host.halted).toBe(false);
          const given = answers.filter((answer) => answer.request === request);
          expect(given.length).toBeGreaterThan(0);
          const refused = given.every((answer) => answer.type === type.EVT_REJECTED);
          if (refused) expect(stateHash(shard)).toBe(before);
          shard.check();
        }
        const live = stateHash(shard);
        await opened.close();
        const again = openShard(path.join(folder, name), 0, () => createShardCore(), {
          policy: 'never',
        });
        expect(stateHash(again.shard)).toBe(live);
        await again.close();
        fs.rmSync(path.join(folder, name), { recursive: true });
      }),
      { numRuns: FULL ? 2_000 : 100 },
    );
  }, 1_200_000);
});
