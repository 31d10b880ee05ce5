/** One stage between the journal and the ledger, in a process of its own. */
import fs from 'node:fs';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { readMarketParams } from '../../engine/market/market-params.js';
import { createShardCore } from '../../main/compose.js';
import { openInlineShard } from '../../main/exchange/inline-shard.js';
import { replicaAtTheBeginning, ShardOutbox } from '../../main/outbox/shard-outbox.js';
import { openBus } from '../../settlement/bus/provide-bus.js';
import { SettlementLedger } from '../../settlement/ledger/ledger.js';
import { NettingWindow, type WindowLimits } from '../../settlement/ledger/netting-window.js';
import { ItemFold } from '../../settlement/outbox/item-fold.js';
import type { MarketItem } from '../../settlement/packs/pack-types.js';
import { encodeBatch } from '../../settlement/program/batch-codec.js';
import { BusReader } from '../../settlement/service/bus-reader.js';
import { benchMarketParams } from '../book/core-setup.js';
import { BENCH_MARKET } from '../book/encode.js';
import { medianOf } from '../report/statistics.js';
import { openScratchShard } from '../shard/scratch-shard.js';
import { ShardDriver } from '../shard/shard-driver.js';
import { COMMANDS_A_FILL, pairsWorkload } from './pairs-workload.js';
import type { StageAnswer, StageTask } from './stage-tasks.js';

/** Everything in one batch: what a chain could take does not matter here. */
const NO_LIMITS: WindowLimits = {
  itemsMax: 100_000_000,
  entriesMax: 65_535,
  bytesMax: 100_000_000,
  pagesMax: 100_000,
  rowsPerPage: 1_024,
  addressBytesMax: Number.MAX_SAFE_INTEGER,
  computeUnitsMax: Number.MAX_SAFE_INTEGER,
  notionalMicroUsdMax: Number.MAX_VALUE,
  marketNotionalMicroUsdMax: Number.MAX_VALUE,
};
const WAIT_MS = 5;
/** A look at the ledger takes time from the ledger. */
const LOOK_MS = 20;
/** Of the fills, in which the compiler learns. */
const WARM_UP_SHARE = 0.25;
const SILENCE_MS = 60_000;

type Task<Kind extends StageTask['kind']> = Extract<StageTask, { kind: Kind }>;

process.once('message', (message) => {
  void run(message as StageTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});

function run(task: StageTask): Promise<StageAnswer> {
  switch (task.kind) {
    case 'journal':
      return makeJournal(task);
    case 'publish':
      return publish(task);
    case 'take':
      return take(task);
    case 'net':
      return net(task);
  }
}

async function makeJournal({ dataDir, fills, accounts }: Task<'journal'>): Promise<StageAnswer> {
  const workload = pairsWorkload(fills);
  const { shard, close } = await openScratchShard(openInlineShard, { dataDir });
  const driver = new ShardDriver(shard.gatewayPort, workload, accounts);
  await driver.setUp(shard, accounts);
  const watch = new Watch();
  await driver.fullSpeed(0, fills * COMMANDS_A_FILL);
  const answer = watch.answer(driver.tally.trades);
  await close();
  return answer;
}

async function publish({ dataDir, bus: place, readyFile }: Task<'publish'>): Promise<StageAnswer> {
  const bus = await openBus(place);
  const options = { dataDir, shardId: 0, createShard: () => createShardCore(), bus };
  const limit = Number.MAX_SAFE_INTEGER;
  const outbox = await ShardOutbox.open({ ...options, limit });
  await until('the reader', () => fs.existsSync(readyFile));
  const watch = new Watch();
  for (;;) {
    const outcome = await outbox.step(limit, performance.now());
    if (outcome === 'atEnd' && outbox.isPublished) break;
    if (outcome === 'behind') await turn();
    else await sleep(WAIT_MS);
  }
  const { counts } = outbox.publisher;
  const answer = { ...watch.answer(counts.items), packs: counts.packs, bytes: counts.bytes };
  outbox.close();
  await bus.close();
  return answer;
}

async function take(task: Task<'take'>): Promise<StageAnswer> {
  const { dataDir, bus: place, readyFile, fills } = task;
  const bus = await openBus(place);
  const ledger = new SettlementLedger({ dataDir });
  let trouble: Error | null = null;
  const reader = new BusReader(bus, ledger, (error) => {
    trouble = error;
  });
  const taken = () =>
    ledger.status().streams.find(({ kind }) => kind === 'market')?.ingestedItem ?? 0;
  const reading = reader.run();
  const watch = new Watch();
  fs.writeFileSync(readyFile, '');
  await until('the first fills in the ledger', () => taken() >= fills * WARM_UP_SHARE, LOOK_MS);
  const [warmMs, warmFills] = [Date.now(), taken()];
  await until(`fill ${fills} in the ledger`, () => taken() >= fills, LOOK_MS);
  const answer = { ...watch.answer(taken()), warmMs, warmFills };
  await reader.close();
  await reading.catch(() => {});
  if (trouble !== null) throw trouble;
  const { deadLetters } = ledger.status();
  if (deadLetters.open > 0) throw new Error(`the ledger did not understand ${deadLetters.open}`);
  ledger.catalogue.setMarketSlot(BENCH_MARKET, 0);
  const startMs = performance.now();
  const { batch } = ledger.buildBatch(NO_LIMITS);
  const nettingMs = performance.now() - startMs;
  if (batch?.items !== fills) throw new Error(`the batch has ${batch?.items} of ${fills} fills`);
  ledger.close();
  await bus.close();
  return { ...answer, nettingMs, entries: batch.entries };
}

async function net({ dataDir, passes }: Task<'net'>): Promise<StageAnswer> {
  const items: MarketItem[] = [];
  const watch = new Watch();
  fold(dataDir, items);
  const answer = watch.answer(items.length);
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = benchMarketParams('BENCH');
  const worth = {
    numerator: microUsdPerTickLotNumerator,
    denominator: microUsdPerTickLotDenominator,
  };
  const times: number[] = [];
  let entries = 0;
  for (let pass = 0; pass < passes; pass++) {
    const startMs = performance.now();
    const window = new NettingWindow(NO_LIMITS, [{ marketId: BENCH_MARKET, slot: 0, worth }]);
    for (const item of items) {
      if (window.addItem(BENCH_MARKET, item) !== 'added') throw new Error('the window is full');
    }
    const sections = window.sections();
    encodeBatch(sections);
    times.push(performance.now() - startMs);
    entries = sections.reduce((sum, section) => sum + section.entries.length, 0);
  }
  return { ...answer, nettingMs: medianOf(times), entries };
}

function fold(dataDir: string, items: MarketItem[]): void {
  const createShard = () => createShardCore();
  const replica = replicaAtTheBeginning({ dataDir, shardId: 0, createShard });
  const { shard } = replica;
  const folded = new ItemFold({
    shardId: 0,
    contractOf: (marketId) => shard.market(marketId)?.params ?? null,
    readListing: readMarketParams,
    sink: {
      marketItem: (_marketId, _sequence, item) => {
        const { maker, taker } = item;
        items.push({ ...item, maker: { ...maker }, taker: { ...taker } });
      },
      accountItem: () => {},
      price: () => {},
      epoch: () => {},
    },
  });
  while (replica.next(Number.MAX_SAFE_INTEGER)) folded.apply(shard.events, shard.timeMs);
  replica.close();
}

/** Wall clock and processor time from its making on. */
class Watch {
  private readonly startMs = Date.now();
  private readonly cpu = process.cpuUsage();

  answer(fills: number): StageAnswer {
    const { user, system } = process.cpuUsage(this.cpu);
    const { startMs } = this;
    const none = { warmMs: 0, warmFills: 0, packs: 0, bytes: 0, nettingMs: 0, entries: 0 };
    return { ...none, startMs, endMs: Date.now(), fills, cpuMs: (user + system) / 1_000 };
  }
}

async function until(what: string, holds: () => boolean, lookMs = WAIT_MS): Promise<void> {
  const latestMs = performance.now() + SILENCE_MS;
  while (!holds()) {
    if (performance.now() > latestMs) throw new Error(`no sign of ${what} in time`);
    await sleep(lookMs);
  }
}
