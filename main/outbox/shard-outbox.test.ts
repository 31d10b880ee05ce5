import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Routing } from '../../engine/shard/routing.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import { BusUnavailableError } from '../../settlement/bus/errors.js';
import { BusAheadError } from '../../settlement/outbox/outbox-errors.js';
import { differences } from '../../settlement/outbox/testing/exchange-money.js';
import { type Fate, MemoryBus } from '../../settlement/outbox/testing/memory-bus.js';
import { Receiver } from '../../settlement/outbox/testing/receiver.js';
import { decodePack } from '../../settlement/packs/pack-codec.js';
import { SafeCut } from '../../sim/spread/safe-cut.js';
import { positionFile, ShardOutbox, type ShardOutboxOptions } from './shard-outbox.js';

afterEach(removeScratch);

type Given = Partial<ShardOutboxOptions>;

function openOutbox(dataDir: string, exchange: RandomExchange, bus: MemoryBus, given: Given = {}) {
  const shardId = given.shardId ?? 0;
  const { createShard } = exchange;
  const limit = exchange.written(shardId);
  return ShardOutbox.open({ dataDir, shardId, createShard, bus, limit, ...given });
}

/** As the thread does, again and again, when the bus is away. */
async function openAtLast(...given: Parameters<typeof openOutbox>): Promise<ShardOutbox> {
  for (;;) {
    try {
      return await openOutbox(...given);
    } catch (error) {
      expect(error).toBeInstanceOf(BusUnavailableError);
    }
  }
}

/** False: the one before it had messages under way, so it has to be opened again. */
async function takesStep(outbox: ShardOutbox, limit: number): Promise<boolean> {
  try {
    await outbox.step(limit, performance.now() * 100);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(BusAheadError);
    return false;
  }
}

/** Until everything up to `limit` is on the bus, and it says so. */
async function publishAll(outbox: ShardOutbox, limit: number): Promise<void> {
  while (outbox.sequence < limit || !outbox.isPublished) {
    await outbox.step(limit, performance.now());
    await sleep(1);
  }
}

/** Until the place where it is now is written down. */
async function keepPosition(outbox: ShardOutbox, limit: number): Promise<void> {
  for (const nowMs of [1e12, 2e12]) await outbox.step(limit, nowMs);
}

function receive(bus: MemoryBus): Receiver {
  const receiver = new Receiver();
  for (const { subject, data } of bus.messages) receiver.take(subject, data);
  return receiver;
}

/** What the bus has gives the shards' state, and the marks stand at their ends. */
function expectExact(bus: MemoryBus, exchange: RandomExchange): Receiver {
  const receiver = receive(bus);
  expect(differences(receiver.books, exchange.shards)).toEqual([]);
  exchange.shards.forEach((shard, shardId) => {
    const { sequence, epoch } = shard;
    expect(receiver.marks.get(shardId)).toEqual({ sequence, epoch });
  });
  return receiver;
}

describe('the outbox of a shard', () => {
  it('puts the whole journal on the bus, once, and goes on behind it after each start', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 21);
    const bus = new MemoryBus();
    exchange.start();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 100; i++) exchange.step();
      const outbox = await openOutbox(dataDir, exchange, bus, { packItemsMax: 16 });
      await publishAll(outbox, exchange.written());
      await keepPosition(outbox, exchange.written());
      outbox.close();
      expect(expectExact(bus, exchange).repeated).toBe(0);
      if (round === 1) {
        // As after a crash before the first position, and after a damage.
        fs.rmSync(positionFile(dataDir, 0));
      } else if (round === 2) fs.writeFileSync(positionFile(dataDir, 0), 'nonsense');
      await exchange.stop();
      exchange.start();
    }
    await exchange.stop();
  });

  it.each([1, 3])(
    'loses and doubles nothing with a bus that fails all the time: %i shards',
    async (shards) => {
      const dataDir = makeScratch();
      const exchange = new RandomExchange(dataDir, 12, shards);
      const bus = new MemoryBus();
      const random = new Xorshift(99);
      const fates: Fate[] = ['answerLost', 'lost'];
      bus.fate = () => (random.chance(12) ? random.pick(fates) : 'stored');
      bus.delay = () => sleep(random.below(3));
      bus.isAway = () => random.chance(10);
      exchange.start();
      const ids = exchange.shards.map((_, shardId) => shardId);
      const given = { packItemsMax: 8, itemsMax: 200 };
      let outboxes: ShardOutbox[] = [];
      let retries = 0;
      const kill = () => {
        for (const { publisher } of outboxes) retries += publisher.retries;
        outboxes = [];
      };
      for (let round = 0; round < 120; round++) {
        for (let i = 0; i < 2; i++) exchange.step();
        if (outboxes.length === 0) {
          for (const shardId of ids)
            outboxes.push(await openAtLast(dataDir, exchange, bus, { shardId, ...given }));
        }
        let isAhead = false;
        for (const shardId of ids) {
          const limit = exchange.written(shardId);
          isAhead ||= !(await takesStep(outboxes[shardId] as ShardOutbox, limit));
        }
        await sleep(random.below(2));
        if (isAhead || random.chance(3)) {
          // Killed: what it knows is gone; what is under way may be stored or not, before the next one asks or while it publishes.
          kill();
          if (random.chance(50)) await bus.idle();
        }
      }
      kill();
      bus.fate = () => 'stored';
      await bus.idle();
      for (const shardId of ids) {
        const outbox = await openAtLast(dataDir, exchange, bus, { shardId, ...given });
        await publishAll(outbox, exchange.written(shardId));
        outbox.close();
      }
      const { books, packs } = expectExact(bus, exchange);
      expect(retries).toBeGreaterThan(3);
      expect(packs).toBeGreaterThan(50);
      expect(books.counts.get('fill')).toBeGreaterThan(30);
      await exchange.stop();
    },
  );

  it('tells the prices of before again that did not come as far as the bus', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 21);
    const bus = new MemoryBus();
    exchange.start();
    for (let i = 0; i < 100; i++) exchange.step();
    const outbox = await openOutbox(dataDir, exchange, bus);
    await publishAll(outbox, exchange.written());
    await keepPosition(outbox, exchange.written());
    outbox.close();
    await bus.idle();
    const isPrice = ({ subject }: { subject: string }) => subject.startsWith('prices.');
    const subjects = () => [...new Set(bus.messages.filter(isPrice).map(({ subject }) => subject))];
    const before = subjects().sort();
    expect(before.length).toBeGreaterThan(0);
    for (const message of bus.messages.filter(isPrice)) {
      bus.messages.splice(bus.messages.indexOf(message), 1);
    }
    const next = await openOutbox(dataDir, exchange, bus);
    await expect
      .poll(async () => {
        await next.step(exchange.written(), performance.now());
        return subjects().sort();
      })
      .toEqual(before);
    next.close();
    await exchange.stop();
  });

  it('tells everything again to a bus that has lost it', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 5);
    const bus = new MemoryBus();
    exchange.start();
    for (let i = 0; i < 150; i++) exchange.step();
    const first = await openOutbox(dataDir, exchange, bus);
    await publishAll(first, exchange.written());
    await keepPosition(first, exchange.written());
    first.close();
    const notices: string[] = [];
    const onNotice = (sentence: string) => notices.push(sentence);
    // Some of it, then all.
    for (const left of [Math.floor(bus.messages.length / 2), 0]) {
      bus.messages.length = left;
      const outbox = await openOutbox(dataDir, exchange, bus, { onNotice });
      await publishAll(outbox, exchange.written());
      await keepPosition(outbox, exchange.written());
      outbox.close();
      expectExact(bus, exchange);
    }
    expect(notices).toHaveLength(2);
    expect(notices[0]).toMatch(/it had confirmed item .* read again from the beginning/);
    await exchange.stop();
  });

  it('refuses a journal that has lost what was published, even when it has grown again', async () => {
    const [dataDir, earlier] = [makeScratch(), makeScratch()];
    const exchange = new RandomExchange(dataDir, 6);
    const bus = new MemoryBus();
    exchange.start();
    for (let i = 0; i < 100; i++) exchange.step();
    fs.cpSync(dataDir, earlier, { recursive: true });
    for (let i = 0; i < 100; i++) exchange.step();
    const outbox = await openOutbox(dataDir, exchange, bus);
    await publishAll(outbox, exchange.written());
    outbox.close();
    const published = exchange.written();
    await exchange.stop();

    for (const name of fs.readdirSync(earlier))
      fs.rmSync(`${earlier}/${name}/lock`, { force: true });
    const other = new RandomExchange(earlier, 7);
    other.start();
    await expect(openOutbox(earlier, other, bus)).rejects.toThrow(/it has lost what was published/);
    while (other.written() < published + 500) other.step();
    const again = openOutbox(earlier, other, bus).then((opened) =>
      publishAll(opened, other.written()),
    );
    await expect(again).rejects.toThrow(/it is not the journal that was published/);
    await other.stop();
  });

  it('publishes of several shards only what no power failure can take back', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 12, 3);
    const random = new Xorshift(5);
    const safe = new SafeCut(3);
    exchange.onEvents = ({ sequence, routing }) => {
      safe.heard(routing?.shardId as number, sequence, routing as Routing);
    };
    exchange.start();
    const outboxes: ShardOutbox[] = [];
    const bus = new MemoryBus();
    for (const shardId of [0, 1, 2]) {
      const sentBy = (other: number) => outboxes[other]?.sentTo(shardId) ?? 0;
      outboxes.push(await openOutbox(dataDir, exchange, bus, { shardId, sentBy }));
    }
    const durable = [0, 0, 0];
    let held = 0;
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 3; i++) exchange.step();
      const synced = random.below(3);
      durable[synced] = exchange.written(synced);
      safe.advance(durable);
      // A message from shard to shard is one turn.
      for (let i = 0; i < 90; i++) {
        await outboxes[i % 3]?.step(durable[i % 3] as number, round * 100);
      }
      outboxes.forEach((outbox, shardId) => {
        expect(outbox.sequence).toBe(safe.sequenceOf(shardId));
        if (outbox.sequence < (durable[shardId] as number)) held++;
      });
    }
    expect(held).toBeGreaterThan(20);
    await exchange.stop();
  });

  it('reads no further while the bus is away, and keeps a bounded number of items', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 10);
    const bus = new MemoryBus();
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    bus.delay = () => answered;
    exchange.start();
    for (let i = 0; i < 400; i++) exchange.step();
    const outbox = await openOutbox(dataDir, exchange, bus, { itemsMax: 100 });
    const end = exchange.written();
    for (let i = 0; i < 50; i++) await outbox.step(end, i * 100);
    expect(await outbox.step(end, 6_000)).toBe('full');
    const stood = outbox.sequence;
    expect(stood).toBeLessThan(end);
    expect(outbox.publisher.itemsInMemory).toBeLessThan(200);
    expect(outbox.publisher.published.sequence).toBe(0);
    answer();
    await publishAll(outbox, end);
    outbox.close();
    expectExact(bus, exchange);
    const prices = bus.of('prices.1').map(({ data }) => decodePack(data));
    expect(prices.length).toBeLessThan(10);
    await exchange.stop();
  });
});
