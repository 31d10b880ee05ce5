/** How much one batch can hold on the embedded chain with the real program, and what it costs there. */

import fs from 'node:fs';
import { packageFile } from '../../main/package-root.js';
import { removeScratch } from '../../settlement/chain/testing/scratch.js';
import {
  marketTerms,
  SettlementUnderTest,
} from '../../settlement/chain/testing/settlement-under-test.js';
import { PAGE_ROWS } from '../../settlement/program/addresses.js';
import type { BatchSection } from '../../settlement/program/batch.js';
import { BATCH_ENTRIES_MAX } from '../../settlement/program/sizes.js';
import { DEFAULT_EXCHANGE_LIMITS } from '../../settlement/program/terms.js';
import { NaiveEngine } from '../../settlement/program/testing/naive-engine.js';
import { FlowRandom } from '../workload/random.js';

export interface EntriesTask {
  /** Entries of the staged batch. */
  stagedEntries: number;
}

export interface EntriesRow {
  what: string;
  entries: number;
  bytes: number;
  transactions: number;
  /** Of the transaction that settles: alone, or the commit of what was staged. */
  computeUnits: number;
  unitsAnEntry: number;
  /** Until the chain had said that it is settled. */
  ms: number;
}

export interface EntriesAnswer {
  rows: EntriesRow[];
  error?: string;
}

/** A coin at 60,000 dollars in ticks of 0.1 and lots of 0.001. */
const BITCOIN_TICKS = 600_000;
const PROGRAM_FILE = 'programs/artifacts/plimsoll.so';
const BITCOIN_FEED = '0b'.repeat(32);
const SLOT = 0;
const PAGES = 10;
/** Below this every batch fits a transaction, above no batch does. */
const FEWEST = 24;
const MOST = 72;

process.once('message', (message) => {
  void run(message as EntriesTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});

async function run({ stagedEntries }: EntriesTask): Promise<EntriesAnswer> {
  const world = await SettlementUnderTest.start('over HTTP');
  try {
    await openExchange(world, Math.min(stagedEntries, BATCH_ENTRIES_MAX));
    const near = Array.from({ length: MOST }, (_, i) => i + 1);
    const far = near.map((i) => (i % PAGES) * PAGE_ROWS + Math.floor(i / PAGES) + 1);
    for (let page = 0; page < PAGES; page++) {
      const ofPage = far.filter((accountId) => Math.floor(accountId / PAGE_ROWS) === page);
      await addRows(world, ofPage);
    }
    const trading = new Trading();
    const single = await most(world, trading, 'one transaction, accounts of one page', near);
    const spread = await most(world, trading, `one transaction, accounts of ${PAGES} pages`, far);
    const many = Array.from({ length: stagedEntries }, (_, i) => i + 1);
    const staged = await settle(world, trading, 'staged, committed at once', many);
    return { rows: [single, spread, staged] };
  } finally {
    await world.close();
    removeScratch();
  }
}

/** With a market of real size: entries of small numbers are shorter. Rows 1 … `accounts`. */
async function openExchange(world: SettlementUnderTest, accounts: number): Promise<void> {
  const { chain } = world;
  await chain.setUp(fs.readFileSync(packageFile(PROGRAM_FILE)), DEFAULT_EXCHANGE_LIMITS);
  await chain.ensureMarket(
    marketTerms({
      symbol: 'BTC-PERP',
      feedId: Buffer.from(BITCOIN_FEED, 'hex'),
      microUsdNumerator: 100n,
      tickExponent: -1,
    }),
  );
  await addRows(
    world,
    Array.from({ length: accounts }, (_, i) => i + 1),
  );
}

async function addRows(world: SettlementUnderTest, accountIds: readonly number[]): Promise<void> {
  const owner = world.trader.publicKey;
  await world.chain.ensureUsers(accountIds.map((accountId) => ({ accountId, owner })));
}

async function postPrice(world: SettlementUnderTest): Promise<void> {
  const { slot } = world.test.chain.clock;
  const publishTime = (await world.test.connection.getBlockTime(slot)) ?? 0;
  const price = BigInt(BITCOIN_TICKS) * 10_000_000n;
  await world.chain.postPrices([
    { feedId: BITCOIN_FEED, price, conf: 1_000n, exponent: -8, publishTime },
  ]);
}

/** The largest batch that goes out in one transaction. */
async function most(
  world: SettlementUnderTest,
  trading: Trading,
  what: string,
  accountIds: readonly number[],
): Promise<EntriesRow> {
  let best: EntriesRow | null = null;
  for (let count = FEWEST; count <= MOST; count++) {
    const row = await settle(world, trading, what, accountIds.slice(0, count));
    if (row.transactions > 1) break;
    best = row;
  }
  if (best === null) throw new Error(`${what}: not even ${FEWEST} entries fit`);
  return best;
}

async function settle(
  world: SettlementUnderTest,
  trading: Trading,
  what: string,
  accountIds: readonly number[],
): Promise<EntriesRow> {
  await postPrice(world);
  const sections = trading.between(accountIds);
  const batch = world.nextBatch(sections);
  const startMs = performance.now();
  const outcome = await world.chain.settle(batch);
  const ms = performance.now() - startMs;
  if (outcome.kind !== 'settled') throw new Error(`${what}: ${JSON.stringify(outcome)}`);
  const entries = sections.reduce((sum, section) => sum + section.entries.length, 0);
  const computeUnits = outcome.details?.computeUnits ?? Number.NaN;
  const { transactions } = outcome;
  const bytes = batch.bytes.length;
  return {
    what,
    entries,
    bytes,
    transactions,
    computeUnits,
    unitsAnEntry: computeUnits / entries,
    ms,
  };
}

/**
 * What trading of bitcoin leaves: 0.001 to 2 coins at 60,000 dollars, fees of up to 30 dollars, half of it closed again with a profit or
 * loss. The lengths of the numbers decide how many entries a transaction holds.
 */
class Trading {
  private readonly engine = new NaiveEngine(100n);
  private readonly random = new FlowRandom(7);

  between(accountIds: readonly number[]): BatchSection[] {
    const sorted = [...accountIds].sort((a, b) => a - b);
    for (let index = 0; index < sorted.length; index++) this.trade(sorted, index, 1n);
    for (let index = 0; index < sorted.length; index += 2) this.trade(sorted, index, -1n);
    return this.engine.takeSections();
  }

  private trade(sorted: readonly number[], index: number, sign: bigint): void {
    const { random } = this;
    const lots = BigInt(Math.ceil(10 ** (3.3 * random.unit())));
    const price = BITCOIN_TICKS + Math.round(1_200 * (random.unit() - 0.5));
    const fees = [BigInt(Math.ceil(30e6 * random.unit())), BigInt(Math.ceil(5e6 * random.unit()))];
    const other = sorted[(index + 1) % sorted.length] as number;
    this.engine.trade(SLOT, sorted[index] as number, other, lots * sign, price, fees);
  }
}
