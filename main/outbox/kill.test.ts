import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import type { Bus } from '../../settlement/bus/bus.js';
import { openEmbeddedBus } from '../../settlement/bus/embedded/embedded-bus.js';
import { differences } from '../../settlement/outbox/testing/exchange-money.js';
import { readBus } from '../../settlement/outbox/testing/read-bus.js';
import { decodePack } from '../../settlement/packs/pack-codec.js';
import { fillsSubject } from '../../settlement/packs/subjects.js';
import { ShardOutbox } from './shard-outbox.js';
import { stepOrReopen } from './step-or-reopen.fixture.js';

/** Compiled; `npm test` compiles before it starts. */
const SOURCE = fileURLToPath(new URL('./outbox-child.fixture.js', import.meta.url));
const CHILD = path.resolve('dist', path.relative(path.resolve(), SOURCE));
const KILLS = Number(process.env.PLIMSOLL_KILLS ?? 4);
const WITHIN_MS = 180_000 + KILLS * 15_000;
/** Of six markets at most, of which each leaves out two ids at most. */
const MARKET_ID_MAX = 18;

/** What a failure has left is kept: journal and bus together tell what went wrong. */
afterEach(({ task }) => {
  if (task.result?.state !== 'fail') removeScratch();
});

/** Kills exchange and outbox a moment after they have said so many lines. */
async function tradeAndKill(
  dataDir: string,
  seed: number,
  lines: number,
  afterMs: number,
): Promise<void> {
  const running = spawn(process.execPath, [CHILD, dataDir, String(seed)]);
  let errors = '';
  running.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const closed = new Promise((resolve) => running.once('close', resolve));
  let heard = 0;
  const said = new Promise<void>((resolve) => {
    running.stdout.on('data', (chunk) => {
      heard += String(chunk).split('\n').length - 1;
      if (heard >= lines) resolve();
    });
  });
  await Promise.race([said, closed]);
  await sleep(afterMs);
  running.kill('SIGKILL');
  await closed;
  expect(errors).toBe('');
}

/** So many at least: the newest fill of each market has its number. */
async function fillsOn(bus: Bus): Promise<number> {
  let fills = 0;
  for (let marketId = 1; marketId <= MARKET_ID_MAX; marketId++) {
    const last = await bus.last(fillsSubject(marketId));
    const pack = last === null ? null : decodePack(last.data);
    if (pack?.kind !== 'market') continue;
    fills += Math.max(...pack.items.map(({ tradeSequence }) => tradeSequence));
  }
  return fills;
}

/** Publishes what is left of the journal, as the next start would. */
async function publishRest(exchange: RandomExchange, dataDir: string, bus: Bus): Promise<void> {
  const limit = exchange.written();
  const { createShard } = exchange;
  const open = async () => await ShardOutbox.open({ dataDir, shardId: 0, createShard, bus, limit });
  let outbox = await open();
  while (outbox.sequence < limit || !outbox.isPublished) {
    outbox = await stepOrReopen(outbox, limit, performance.now(), open);
    await sleep(1);
  }
  outbox.close();
}

describe('kill -9 of exchange and outbox', () => {
  it(
    'leaves a bus from which the exact state follows, once the rest is published',
    async () => {
      const dataDir = makeScratch();
      const random = new Xorshift(Date.now() % 1_000_003);
      const bus = openEmbeddedBus({ folder: path.join(dataDir, 'bus') });
      const ends: number[] = [];
      let fills = 0;
      // Most of them have published something of their own before they were killed, and there were trades: on a slow machine that takes more.
      while (ends.length < KILLS || new Set(ends).size <= KILLS / 2 || fills <= KILLS) {
        const seed = random.between(1, 1_000);
        await tradeAndKill(dataDir, seed, random.between(1, 6), random.between(0, 30));
        ends.push((await bus.last('account-events.0'))?.sequence ?? 0);
        fills = await fillsOn(bus);
      }
      const exchange = new RandomExchange(dataDir, 1);
      exchange.start();
      await publishRest(exchange, dataDir, bus);
      const [shard] = exchange.shards;
      const markets = shard?.markets.map(({ marketId }) => marketId) ?? [];
      const receiver = await readBus(bus, [0], markets);
      await bus.close();

      const where = `${dataDir}: the shard's own money differs by ${shard?.moneyDifferenceMicroUsd()}`;
      expect(differences(receiver.books, exchange.shards), where).toEqual([]);
      const { sequence = 0, epoch = 0 } = shard ?? {};
      expect(receiver.marks.get(0)).toEqual({ sequence, epoch });
      expect(epoch).toBe(ends.length + 1);
      expect(receiver.books.counts.get('fill')).toBeGreaterThan(KILLS);
      await exchange.stop();
      const { packs, repeated } = receiver;
      console.log(`killed ${ends.length} times; ${packs} packs, ${repeated} items came again`);
    },
    WITHIN_MS,
  );
});
