import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import {
  makeScratch as makeExchangeFolder,
  removeScratch as removeExchangeFolders,
} from '../../gateway/history/testing/scratch.js';
import { ShardOutbox } from '../../main/outbox/shard-outbox.js';
import type { Books } from '../outbox/testing/books.js';
import { MemoryBus } from '../outbox/testing/memory-bus.js';
import { Receiver } from '../outbox/testing/receiver.js';
import type { SettlementLedger } from './ledger.js';
import { expectFundsAboveZero, expectSoundBatches } from './testing/ledger-check.js';
import { makeScratch, NO_LIMITS, openLedger, removeScratch } from './testing/scratch.js';

afterEach(() => {
  removeScratch();
  removeExchangeFolders();
});

/** What an exchange that trades at random, liquidates and pays funding has put on a bus. */
async function publishedBy(shards: number, seed: number): Promise<MemoryBus> {
  const dataDir = makeExchangeFolder();
  const exchange = new RandomExchange(dataDir, seed, shards);
  const bus = new MemoryBus();
  exchange.start();
  for (let i = 0; i < 350; i++) exchange.step();
  for (let shardId = 0; shardId < shards; shardId++) {
    const { createShard } = exchange;
    const limit = exchange.written(shardId);
    const outbox = await ShardOutbox.open({
      dataDir,
      shardId,
      createShard,
      bus,
      limit,
      packItemsMax: 4,
    });
    while (outbox.sequence < limit || !outbox.isPublished) {
      await outbox.step(limit, performance.now());
      await sleep(1);
    }
    outbox.close();
  }
  await exchange.stop();
  return bus;
}

/** Each subject in its order, and the subjects in any; what cannot be taken yet comes again. */
function takeAll(ledger: SettlementLedger, bus: MemoryBus, random: Xorshift): void {
  const queues = new Map<string, { subject: string; data: Uint8Array; sequence: number }[]>();
  for (const [at, { subject, data }] of bus.messages.entries()) {
    const queue = queues.get(subject) ?? [];
    queue.push({ subject, data, sequence: at + 1 });
    queues.set(subject, queue);
  }
  for (
    let left = [...queues.values()];
    left.length > 0;
    left = left.filter((each) => each.length > 0)
  ) {
    const queue = random.pick(left);
    const [result] = ledger.ingest([queue[0] as (typeof queue)[0]]);
    expect(['stored', 'noted', 'waiting']).toContain(result?.outcome);
    if (result?.isDone) queue.shift();
    placeMarkets(ledger);
    if (random.chance(20)) {
      ledger.buildBatch({ ...NO_LIMITS, itemsMax: random.between(1, 80), entriesMax: 20 });
      expectFundsAboveZero(ledger);
    }
  }
}

/** In the order in which they are heard of. */
function placeMarkets(ledger: SettlementLedger): void {
  for (const { marketId, slot } of ledger.catalogue.markets()) {
    if (slot !== null) continue;
    const taken = ledger.catalogue.markets().filter((market) => market.slot !== null).length;
    ledger.catalogue.setMarketSlot(marketId, taken);
  }
}

function expectSame(ledger: SettlementLedger, books: Books): void {
  for (const [accountId, collateral] of books.collateral) {
    expect(ledger.balances.account(accountId).collateralMicroUsd).toBe(BigInt(collateral));
  }
  for (const market of ledger.balances.markets()) {
    const { fees, insurance, clearing, lots, entries } = books.market(market.marketId);
    expect(market.feesMicroUsd).toBe(BigInt(fees));
    expect(market.insuranceMicroUsd).toBe(BigInt(insurance));
    expect(market.clearingMicroUsd).toBe(BigInt(clearing));
    for (const [accountId, held] of lots) {
      const position = ledger.balances
        .account(accountId)
        .positions.find(({ marketId }) => marketId === market.marketId);
      expect(position?.lots ?? 0n).toBe(BigInt(held));
      expect(position?.entryTickLots ?? 0n).toBe(BigInt(entries.get(accountId) ?? 0));
    }
  }
}

describe('what the exchange itself puts on the bus', () => {
  it.each([1, 3])('is netted to the same balances: %i shards', async (shards) => {
    const bus = await publishedBy(shards, 21 + shards);
    const receiver = new Receiver();
    for (const { subject, data } of bus.messages) receiver.take(subject, data);
    const ledger = openLedger(makeScratch());
    takeAll(ledger, bus, new Xorshift(shards));
    while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: 100 }).isFull);
    expect(ledger.status()).toMatchObject({ waitingItems: 0, deadLetters: { open: 0, parked: 0 } });
    expectSame(ledger, receiver.books);
    expect(expectSoundBatches(ledger)).toBeGreaterThan(2);
    expect(receiver.books.counts.get('fill')).toBeGreaterThan(50);
    // Every watermark is here, so everything is covered.
    ledger.buildBatch(NO_LIMITS);
    const covered = ledger.coverage.places().map(({ shardId, sequence }) => [shardId, sequence]);
    expect(covered).toEqual([...receiver.marks].map(([id, { sequence }]) => [id, sequence]));
  });
});
