import { Keypair, type PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { transactionBytes } from '../chain/sender.js';
import { PAGE_ROWS, PROGRAM_ID, pageAddress } from './addresses.js';
import type { BatchSection } from './batch.js';
import { batchHash } from './batch-codec.js';
import {
  addressBytes,
  batchComputeUnits,
  COMMIT_ADDRESS_BYTES_MAX,
  COMPUTE_UNITS_MAX,
} from './batch-cost.js';
import { beginStage, commitStage, openStage, writeStage } from './batch-instructions.js';
import { PAGE_HEADER_BYTES, ROW_BYTES, STAGE_CAPACITY_MAX } from './sizes.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

const TRANSACTION_BYTES = 1_232;
const COLLATERAL_MICRO_USD = 1_000_000_000_000n;

interface Batch {
  readonly markets: number;
  readonly pages: number;
  readonly entries: number;
  /** Micro-USD of a tick·lot. */
  readonly numerator: number;
  readonly ticks: number;
  readonly tickExponent: number;
  readonly lotsMax: number;
}

/** On a chain with the program: units that committing took, and what was reckoned. */
function commit(of: Batch): { taken: number; reckoned: number } {
  const terms = { tickExponent: of.tickExponent, microUsdNumerator: BigInt(of.numerator) };
  const world = new TestExchange(Array.from({ length: of.markets }, () => plainMarket(terms)));
  const { chain, exchange, operator } = world;
  for (let page = 1; page < of.pages; page++) world.addPage(page);
  for (let slot = 0; slot < of.markets; slot++) world.setPrice(slot, of.ticks);
  for (let page = 0; page < of.pages; page++) fillPage(world, page);
  const sections = tradesOf(of);
  const batch = world.nextBatch(sections);
  const place = { exchange, operator: operator.publicKey, index: 0 };
  chain.send(openStage({ ...place, capacityBytes: STAGE_CAPACITY_MAX }), [operator], 200_000);
  const { sequence, bytes } = batch;
  const hash = batchHash(batch.previousHash, sequence, bytes);
  chain.send([beginStage({ ...place, sequence, length: bytes.length, hash })], [operator]);
  for (const write of writeStage({ ...place, sequence, bytes })) chain.send([write], [operator]);
  const step = commitStage({ ...batch, index: 0, hash });
  const { computeUnits } = chain.send([step], [operator], COMPUTE_UNITS_MAX);
  const worth = { numerator: of.numerator, denominator: 1 };
  return {
    taken: Number(computeUnits),
    reckoned: batchComputeUnits(sections, () => worth, {
      bytes: bytes.length,
      pages: of.pages,
    }),
  };
}

/** Rows of accounts with money, without the transactions that would make them. */
function fillPage({ chain, exchange }: TestExchange, page: number): void {
  const key = pageAddress(exchange, page);
  const bytes = Buffer.from(chain.read(key) as Uint8Array);
  for (let at = PAGE_HEADER_BYTES; at < bytes.length; at += ROW_BYTES) {
    bytes.fill(0, at, at + ROW_BYTES);
    bytes.fill(7, at, at + 32);
    bytes.writeBigInt64LE(COLLATERAL_MICRO_USD, at + 32);
    bytes[at + 75] = 1;
  }
  chain.write(key, PROGRAM_ID, bytes);
}

/** Neighbours trade with each other, over all pages. */
function tradesOf({ markets, pages, entries, numerator, ticks, lotsMax }: Batch): BatchSection[] {
  const engine = new NaiveEngine(BigInt(numerator));
  const accounts = Math.floor(entries / markets);
  const accountOf = (i: number) => (i % pages) * PAGE_ROWS + 1 + Math.floor((i % accounts) / pages);
  for (let slot = 0; slot < markets; slot++) {
    for (let i = 0; i < accounts; i++) {
      const lots = BigInt(1 + ((i * 7_919) % lotsMax)) * (i % 2 === 0 ? 1n : -1n);
      const price = ticks + ((i * 31) % 3) - 1;
      const fees: [bigint, bigint] = [BigInt(1 + (i % 900)), BigInt(1 + (i % 300))];
      engine.trade(slot, accountOf(i), accountOf((i + 1) % accounts), lots, price, fees);
    }
  }
  return engine.takeSections();
}

const NARROW = { numerator: 100, ticks: 1_000_000, tickExponent: 0, lotsMax: 500 };
/** Many bytes an entry, and still 64 bits. */
const LONG = { numerator: 1, ticks: 10_000, tickExponent: -2, lotsMax: 90_000 };
const WIDE = { numerator: 65_536, ticks: 10_000, tickExponent: -2, lotsMax: 300 };

describe('what a batch takes of the transaction that commits it', () => {
  it.each([
    { ...NARROW, markets: 1, pages: 3, entries: 2_000 },
    { ...NARROW, markets: 7, pages: 12, entries: 1_400 },
    { ...LONG, markets: 1, pages: 3, entries: 900 },
    { ...WIDE, markets: 7, pages: 12, entries: 1_400 },
    { ...WIDE, markets: 12, pages: 2, entries: 1_200 },
    { ...WIDE, markets: 1, pages: 24, entries: 240 },
    { ...NARROW, markets: 12, pages: 2, entries: 24 },
  ])(
    'is reckoned from above, with $markets markets, $pages pages and $entries entries of numerator $numerator',
    (of) => {
      const { taken, reckoned } = commit(of);
      expect(taken).toBeLessThanOrEqual(reckoned);
      expect(reckoned).toBeLessThanOrEqual(Math.min(COMPUTE_UNITS_MAX, taken * 1.35 + 10_000));
    },
  );

  it.each([
    [1, 24],
    [7, 12],
    [12, 2],
  ])('leaves room for %i markets and %i pages, and tells when there is none', (markets, pages) => {
    expect(addressBytes(markets, pages)).toBeLessThanOrEqual(COMMIT_ADDRESS_BYTES_MAX);
    expect(addressBytes(markets, pages + 1)).toBeGreaterThan(COMMIT_ADDRESS_BYTES_MAX);
    expect(bytesOfCommit(markets, pages)).toBeLessThanOrEqual(TRANSACTION_BYTES);
    expect(() => bytesOfCommit(markets, pages + 1)).toThrow();
  });
});

function bytesOfCommit(markets: number, pages: number): number {
  const priceAccounts = new Map<number, PublicKey>();
  const sections = Array.from({ length: markets }, (_, slot): BatchSection => {
    priceAccounts.set(slot, Keypair.generate().publicKey);
    const sums = { feesMicroUsd: 0n, insuranceMicroUsd: 0n, clearingMicroUsd: 0n, grossLots: 0n };
    const entries = Array.from({ length: pages }, (_, page) => {
      const money = { realizedMicroUsd: 0n, otherMicroUsd: 0n };
      return { accountId: page * PAGE_ROWS + 1, deltaLots: 0n, deltaEntryTickLots: 0n, ...money };
    });
    return { slot, ...sums, minPriceTicks: 0, maxPriceTicks: 0, fills: 0, entries };
  });
  const payer = Keypair.generate();
  const step = commitStage({
    ...{ exchange: Keypair.generate().publicKey, operator: payer.publicKey, sequence: 1n },
    ...{ previousHash: new Uint8Array(32), bytes: new Uint8Array(1), sections, priceAccounts },
    ...{ index: 0, hash: new Uint8Array(32) },
  });
  return transactionBytes({ label: 'commit', payer, instructions: [step] });
}
