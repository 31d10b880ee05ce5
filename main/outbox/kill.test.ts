import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import type { Bus, StreamName } from '../../settlement/bus/bus.js';
import { openEmbeddedBus } from '../../settlement/bus/embedded/embedded-bus.js';
import { differences } from '../../settlement/outbox/testing/exchange-money.js';
import { Receiver } from '../../settlement/outbox/testing/receiver.js';
import { ShardOutbox } from './shard-outbox.js';

/** Compiled; `npm test` compiles before it starts. */
const SOURCE = fileURLToPath(new URL('./outbox-child.fixture.js', import.meta.url));
const CHILD = path.join('dist', path.relative(process.cwd(), SOURCE));
const KILLS = Number(process.env.PLIMSOLL_KILLS ?? 20);

afterEach(removeScratch);

/** Kills exchange and outbox some time after trading has begun. */
async function tradeAndKill(dataDir: string, seed: number, afterMs: number): Promise<void> {
  const running = spawn(process.execPath, [CHILD, dataDir, String(seed)]);
  let errors = '';
  running.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const closed = new Promise((resolve) => running.once('close', resolve));
  await Promise.race([new Promise((resolve) => running.stdout.once('data', resolve)), closed]);
  await sleep(afterMs);
  running.kill('SIGKILL');
  await closed;
  expect(errors).toBe('');
}

/** Publishes what is left of the journal, as the next start would. */
async function publishRest(exchange: RandomExchange, dataDir: string, bus: Bus): Promise<void> {
  const limit = exchange.written();
  const { createShard } = exchange;
  const outbox = await ShardOutbox.open({ dataDir, shardId: 0, createShard, bus, limit });
  while (outbox.sequence < limit || !outbox.isPublished) {
    await outbox.step(limit, performance.now());
    await sleep(1);
  }
  outbox.close();
}

async function readStream(bus: Bus, stream: StreamName, subjects: string[], to: Receiver) {
  const ends = await Promise.all(subjects.map((subject) => bus.last(subject)));
  const end = Math.max(0, ...ends.map((last) => last?.sequence ?? 0));
  if (end === 0) return;
  const source = await bus.consume(stream, 'check');
  for await (const { subject, data, sequence, ack } of source) {
    to.take(subject, data);
    ack();
    if (sequence === end) break;
  }
  await source.close();
}

describe('kill -9 of exchange and outbox', () => {
  it('leaves a bus from which the exact state follows, once the rest is published', async () => {
    const dataDir = makeScratch();
    const random = new Xorshift(Date.now() % 1_000_003);
    const bus = openEmbeddedBus({ folder: path.join(dataDir, 'bus') });
    const ends: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await tradeAndKill(dataDir, random.between(1, 1_000), random.between(0, 300));
      ends.push((await bus.last('account-events.0'))?.sequence ?? 0);
    }
    const exchange = new RandomExchange(dataDir, 1);
    exchange.start();
    await publishRest(exchange, dataDir, bus);
    const receiver = new Receiver();
    const [shard] = exchange.shards;
    const markets = shard?.markets ?? [];
    const fills = markets.map(({ marketId }) => `fills.${marketId}`);
    await readStream(bus, 'account-events', ['account-events.0'], receiver);
    await readStream(bus, 'fills', fills, receiver);
    await bus.close();

    expect(differences(receiver.books, exchange.shards)).toEqual([]);
    const { sequence = 0, epoch = 0 } = shard ?? {};
    expect(receiver.marks.get(0)).toEqual({ sequence, epoch });
    expect(epoch).toBe(KILLS + 1);
    // Most of them have published something of their own before they were killed.
    expect(new Set(ends).size).toBeGreaterThan(KILLS / 4);
    expect(receiver.books.counts.get('fill')).toBeGreaterThan(KILLS);
    await exchange.stop();
    const { packs, repeated } = receiver;
    console.log(`killed ${KILLS} times; ${packs} packs, ${repeated} items came again`);
  }, 300_000);
});
