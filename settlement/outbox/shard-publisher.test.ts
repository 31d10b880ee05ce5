import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { decodePack, encodePack } from '../packs/pack-codec.js';
import type { AccountItem, AccountPack, MarketItem } from '../packs/pack-types.js';
import { BusAheadError, BusLostItemsError, OutboxDivergedError } from './outbox-errors.js';
import { BEGINNING } from './outbox-state.js';
import { ShardPublisher } from './shard-publisher.js';
import { MemoryBus } from './testing/memory-bus.js';

const side = { deltaEntryTickLots: 10, realizedMicroUsd: 0, feeMicroUsd: 1 };

function fill(trade: number): MarketItem {
  return {
    kind: 'fill',
    tradeSequence: trade,
    timeMs: trade,
    priceTicks: 10,
    qtyLots: 1,
    takerSide: 0,
    isLiquidation: false,
    maker: { accountId: 1, deltaLots: -1, ...side },
    taker: { accountId: 2, deltaLots: 1, ...side },
  };
}

function deposit(sequence: number): AccountItem {
  const [accountId, changeMicroUsd, collateralMicroUsd] = [1, 5, 5];
  const change = { changeMicroUsd, collateralMicroUsd, cashKey: null };
  return { kind: 'balance', timeMs: 1, sequence, accountId, ...change };
}

function open(bus: MemoryBus, limit = 1_000, begin = BEGINNING) {
  return ShardPublisher.open({ bus, shardId: 0, begin, limit, packItemsMax: 3 });
}

async function settle(publisher: ShardPublisher, fromMs: number): Promise<void> {
  for (let nowMs = fromMs; nowMs < fromMs + 1_000; nowMs += 20) {
    await publisher.pump(nowMs, true);
    await sleep(1);
  }
}

const idsOf = (bus: MemoryBus) => bus.messages.map(({ messageId }) => messageId);

describe('the publisher of a shard', () => {
  it('cuts packs by size and by epoch, says where it is when all before is stored, and no price twice', async () => {
    const bus = new MemoryBus();
    const publisher = await open(bus);
    publisher.epoch(1);
    for (let trade = 1; trade <= 4; trade++) publisher.marketItem(5, trade, fill(trade));
    publisher.accountItem(deposit(4));
    publisher.epoch(2);
    publisher.marketItem(5, 5, fill(5));
    for (const markTicks of [1, 2]) {
      const price = { marketId: 5, sequence: 3 + markTicks, timeMs: 1, indexTicks: 1, markTicks };
      publisher.price({ ...price, publishTimeMs: 0 });
    }
    publisher.endFrame(6, 5);
    await settle(publisher, 0);
    expect(idsOf(bus).sort()).toEqual([
      'account-events.0:1-1',
      'account-events.0:mark-6',
      'fills.5:1-3',
      'fills.5:4-4',
      'fills.5:5-5',
      'prices.5:5',
    ]);
    expect(bus.messages.at(-1)?.messageId).toBe('account-events.0:mark-6');
    const packs = bus.of('fills.5').map(({ data }) => decodePack(data));
    expect(packs).toMatchObject([
      { epoch: 1, firstItem: 1, lastItem: 3, firstSequence: 1, lastSequence: 3, timeMs: 3 },
      { epoch: 1, firstItem: 4, lastItem: 4 },
      { epoch: 2, firstItem: 5, lastItem: 5 },
    ]);
    expect(publisher.published).toEqual({
      sequence: 6,
      epoch: 2,
      timeMs: 5,
      accountItems: 1,
      marketItems: new Map([[5, 5]]),
    });
  });

  it('waits for items that are not enough for a pack, but not long, and marks twice a second', async () => {
    const bus = new MemoryBus();
    const publisher = await open(bus);
    const marks = () => idsOf(bus).filter((id) => id.includes('mark')).length;
    for (let nowMs = 0, trade = 1; nowMs < 2_000; nowMs += 5, trade++) {
      publisher.marketItem(5, trade, fill(trade));
      publisher.endFrame(trade, trade);
      await publisher.pump(nowMs, false);
      await sleep(0);
    }
    expect(marks()).toBeGreaterThanOrEqual(3);
    expect(marks()).toBeLessThanOrEqual(5);
    expect(bus.of('fills.5').length).toBeGreaterThan(100);
  });

  it('goes on behind what the bus has, however that was cut, when it is the same', async () => {
    const bus = new MemoryBus();
    const first = await open(bus);
    for (let trade = 1; trade <= 2; trade++) first.marketItem(5, trade, fill(trade));
    first.endFrame(2, 2);
    await settle(first, 0);
    const again = await open(bus);
    for (let trade = 1; trade <= 4; trade++) {
      again.marketItem(5, trade, fill(trade));
      again.endFrame(trade, trade);
    }
    await settle(again, 0);
    expect(idsOf(bus).slice(2)).toEqual(['fills.5:3-4', 'account-events.0:mark-4']);

    const other = await open(bus);
    for (let trade = 1; trade <= 4; trade++) other.marketItem(5, trade, fill(trade + 1));
    await expect(other.pump(0, true)).rejects.toThrow(OutboxDivergedError);
    const shorter = await open(bus);
    shorter.marketItem(5, 1, fill(1));
    expect(() => shorter.endFrame(5, 1)).toThrow(/account-events.0 with item 0, sequence 4/);
  });

  it('refuses a bus that is of somebody else, beyond the journal, or has lost something', async () => {
    const bus = new MemoryBus();
    const numbers = { shardId: 3, epoch: 1, firstItem: 1, lastItem: 0, timeMs: 0 };
    const sequences = { firstSequence: 9, lastSequence: 9 };
    const mark: AccountPack = { kind: 'account', ...numbers, ...sequences, items: [] };
    await bus.publish('account-events.0', encodePack(mark), 'x');
    await expect(open(bus)).rejects.toThrow(/is of shard 3, not of shard 0/);
    await bus.publish('account-events.0', encodePack({ ...mark, shardId: 0 }), 'y');
    await expect(open(bus, 8)).rejects.toThrow(
      'the bus ends account-events.0 with sequence 9, but the journal of shard 0 ends with 8',
    );
    const begin = { ...BEGINNING, sequence: 10 };
    await expect(open(bus, 20, begin)).rejects.toThrow(BusLostItemsError);
    const markets = { ...BEGINNING, sequence: 9, epoch: 1, marketItems: new Map([[5, 2]]) };
    await expect(open(bus, 20, markets)).rejects.toThrow(
      'the bus ends fills.5 with item 0, but it had confirmed item 2 and sequence 9',
    );
    await bus.publish('account-events.0', new Uint8Array(90), 'z');
    await expect(open(bus)).rejects.toThrow(/is not a pack that this release reads: a pack begins/);
  });

  it('sends again what was refused, unless it was stored all the same', async () => {
    for (const fate of ['lost', 'answerLost'] as const) {
      const bus = new MemoryBus();
      const publisher = await open(bus);
      for (let trade = 1; trade <= 9; trade++) publisher.marketItem(5, trade, fill(trade));
      publisher.endFrame(9, 9);
      let left = 2;
      bus.fate = () => (left-- > 0 ? fate : 'stored');
      await settle(publisher, 0);
      expect(idsOf(bus)).toEqual([
        ...['fills.5:1-3', 'fills.5:4-6', 'fills.5:7-9'],
        'account-events.0:mark-9',
      ]);
      expect([publisher.retries, publisher.itemsInMemory]).toEqual([2, 0]);
      expect(publisher.lastError?.message).toBe(fate);
    }
  });

  it('stops when the bus loses what it had confirmed, or somebody else publishes', async () => {
    const bus = new MemoryBus();
    const publisher = await open(bus);
    publisher.marketItem(5, 1, fill(1));
    publisher.endFrame(1, 1);
    await settle(publisher, 0);
    bus.messages.length = 0;
    publisher.marketItem(5, 2, fill(2));
    publisher.endFrame(2, 2);
    bus.fate = () => 'lost';
    await expect(settle(publisher, 1_000)).rejects.toThrow(/it had confirmed item 1/);

    // Two markets share a stream; only the one that publishes next is told that its end is gone.
    const stream = new MemoryBus();
    const both = await open(stream);
    for (const market of [5, 6]) both.marketItem(market, market, fill(1));
    both.endFrame(6, 6);
    await settle(both, 0);
    const place = stream.messages.findIndex(({ subject }) => subject === 'fills.5');
    stream.messages.splice(place, 1);
    both.marketItem(6, 7, fill(2));
    both.endFrame(7, 7);
    stream.fate = () => 'lost';
    await expect(settle(both, 1_000)).rejects.toThrow(/ends fills.5 with item 0, but it had/);

    // Nobody publishes any more.
    const quiet = new MemoryBus();
    const idle = await open(quiet);
    idle.marketItem(5, 1, fill(1));
    idle.endFrame(1, 1);
    await settle(idle, 0);
    quiet.messages.length = 0;
    await idle.pump(900, true);
    await expect(idle.pump(2_000, true)).rejects.toThrow(/ends fills.5 with item 0, but it had/);

    const shared = new MemoryBus();
    const [one, two] = [await open(shared), await open(shared)];
    two.marketItem(5, 1, fill(1));
    two.endFrame(1, 1);
    await settle(two, 0);
    for (let trade = 1; trade <= 5; trade++) one.marketItem(5, trade, fill(trade));
    one.endFrame(5, 5);
    await settle(one, 0);
    shared.fate = () => 'lost';
    two.marketItem(5, 2, fill(2));
    await expect(settle(two, 2_000)).rejects.toThrow(BusAheadError);
    // Opened again it finds out whose that is.
    const same = await open(shared);
    for (let trade = 1; trade <= 5; trade++) same.marketItem(5, trade, fill(trade));
    same.endFrame(5, 5);
    await same.pump(2_000, true);
    const foreign = await open(shared);
    for (let trade = 1; trade <= 5; trade++) foreign.marketItem(5, trade, fill(trade + 1));
    await expect(foreign.pump(2_000, true)).rejects.toThrow(OutboxDivergedError);
  });
});
