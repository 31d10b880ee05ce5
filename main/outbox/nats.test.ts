import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import { openNatsBus } from '../../settlement/bus/nats/nats-bus.js';
import { binaryForTests } from '../../settlement/bus/server/server-for-tests.fixture.js';
import { startNatsServer } from '../../settlement/bus/server/server-process.js';
import { differences } from '../../settlement/outbox/testing/exchange-money.js';
import { readBus } from '../../settlement/outbox/testing/read-bus.js';
import { ShardOutbox } from './shard-outbox.js';

const binary = await binaryForTests();

describe.skipIf(binary === null)('the outbox on NATS', () => {
  it('goes on after each start, and when the server is killed meanwhile', async () => {
    const dataDir = makeScratch();
    const server = await startNatsServer({ binary: binary as string, folder: makeScratch() });
    const exchange = new RandomExchange(dataDir, 21);
    const { createShard } = exchange;
    exchange.start();
    for (let round = 0; round < 3; round++) {
      const bus = await openNatsBus({ address: server.address, patienceMs: 60_000 });
      const limit = exchange.written();
      const given = { dataDir, shardId: 0, createShard, bus, packItemsMax: 8 };
      const outbox = await ShardOutbox.open({ ...given, limit });
      for (let i = 0; i < 60; i++) {
        exchange.step();
        await outbox.step(exchange.written(), performance.now());
        if (round === 1 && i === 30) process.kill(server.pid, 'SIGKILL');
        await sleep(1);
      }
      while (outbox.sequence < exchange.written() || !outbox.isPublished) {
        await outbox.step(exchange.written(), performance.now());
        await sleep(5);
      }
      outbox.close();
      await bus.close();
    }
    const bus = await openNatsBus({ address: server.address, patienceMs: 60_000 });
    const [shard] = exchange.shards;
    const markets = shard?.markets.map(({ marketId }) => marketId) ?? [];
    const { books, marks } = await readBus(bus, [0], markets);
    await bus.close();
    await server.close();
    expect(differences(books, exchange.shards)).toEqual([]);
    expect(marks.get(0)?.sequence).toBe(exchange.written());
    await exchange.stop();
    removeScratch();
  });
});
