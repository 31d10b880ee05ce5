import {
  type AddressLookupTableAccount,
  ComputeBudgetProgram,
  Keypair,
  type TransactionInstruction,
} from '@solana/web3.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { exchangeAddress, marketAddress, PROGRAM_ID, pageAddress } from './addresses.js';
import { applyChange, cancelChange, pause, proposeChange, unpause } from './admin-instructions.js';
import type { BatchEntry, BatchSection } from './batch.js';
import { batchHash } from './batch-codec.js';
import {
  abortStage,
  beginStage,
  closeStage,
  commitStage,
  openStage,
  settleBatch,
  writeStage,
} from './batch-instructions.js';
import {
  cancelForced,
  escapeFunds,
  fixExitPrice,
  freeze,
  reduceForced,
  requestForced,
  serveForced,
  tally,
} from './exit-instructions.js';
import { sweepFees } from './money-instructions.js';
import { addMarket, createPage, createUser, initialize } from './set-up-instructions.js';
import { BATCH_ENTRIES_MAX, batchRoomBytes, PAGE_HEADER_BYTES, ROW_BYTES } from './sizes.js';
import { DEFAULT_EXCHANGE_LIMITS } from './terms.js';
import { createLookupTable, sendWithTables } from './testing/lookup-table.js';
import { emptySection, NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

/** REPORT=1 prints what programs/README.md has in its tables. */
const report = process.env.REPORT === undefined ? () => {} : console.log;

const BITCOIN_TICKS = 600_000;
const PAGES = 10;
const budget = [
  ComputeBudgetProgram.setComputeUnitLimit({ units: 1_400_000 }),
  ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_000n }),
];

/** 0 … 1, the same in every run. */
function seeded(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) / 2 ** 24;
  };
}

/**
 * What trading of bitcoin leaves of `accountIds`: 0.001 to 2 coins at 60,000 dollars (lots of 0.001, ticks of 0.1), fees of up to 30
 * dollars, half of it closed again with a profit or loss.
 */
function bitcoinTrading(
  accountIds: readonly number[],
  random: () => number,
  engine = new NaiveEngine(100n),
): BatchSection[] {
  const sorted = [...accountIds].sort((a, b) => a - b);
  const trade = (index: number, sign: bigint) => {
    const lots = BigInt(Math.ceil(10 ** (3.3 * random())));
    const price = BITCOIN_TICKS + Math.round(1_200 * (random() - 0.5));
    const fees = [BigInt(Math.ceil(30e6 * random())), BigInt(Math.ceil(5e6 * random()))];
    const other = sorted[(index + 1) % sorted.length]!;
    engine.trade(0, sorted[index]!, other, lots * sign, price, fees);
  };
  for (let index = 0; index < sorted.length; index++) trade(index, 1n);
  for (let index = 0; index < sorted.length; index += 2) trade(index, -1n);
  return engine.takeSections();
}

describe('account deltas in one transaction of 1,232 bytes', () => {
  let world: TestExchange;
  let table: AddressLookupTableAccount;
  const everybody = Array.from({ length: PAGES * 1_024 - 1 }, (_, index) => index + 1);

  beforeAll(() => {
    world = new TestExchange([plainMarket({ tickExponent: -1, microUsdNumerator: 100n })]);
    for (let number = 1; number < PAGES; number++) world.addPage(number);
    world.setPrice(0, BITCOIN_TICKS);
    const { exchange } = world;
    const pages = Array.from({ length: PAGES }, (_, number) => pageAddress(exchange, number));
    fillPages(world);
    const others = [exchange, marketAddress(exchange, 0), world.priceAccounts.get(0)!];
    table = createLookupTable(world.chain, world.operator, [...others, ...pages]);
    world.setPrice(0, BITCOIN_TICKS);
  });

  /** Most entries for which one transaction goes through. */
  function most(accountIds: readonly number[], tables: AddressLookupTableAccount[]) {
    const random = seeded(7);
    const engine = new NaiveEngine(100n);
    fillPages(world);
    let best = { entries: 0, bytes: 0, computeUnits: 0, bytesAnEntry: 0 };
    for (let count = 48; count < 70; count++) {
      const chosen = new Set<number>();
      while (chosen.size < count) chosen.add(accountIds[Math.floor(random() * accountIds.length)]!);
      const batch = world.nextBatch(bitcoinTrading([...chosen], random, engine));
      try {
        const sent = sendWithTables(
          world.chain,
          [...budget, settleBatch(batch)],
          [world.operator],
          tables,
        );
        best = { ...sent, entries: count, bytesAnEntry: (batch.bytes.length - 49) / count };
      } catch {
        break;
      }
    }
    return best;
  }

  test('are 50 and more, in one market and with priority fee', () => {
    const onePage = most(everybody.slice(0, 1_000), [table]);
    report('lookup table, 1 page', onePage);
    expect(onePage.entries).toBeGreaterThanOrEqual(50);
    const plain = most(everybody.slice(0, 1_000), []);
    report('without table, 1 page', plain);
    expect(plain.entries).toBeGreaterThanOrEqual(40);
    const tenPages = most(everybody, [table]);
    report('lookup table, 10 pages', tenPages);
    expect(tenPages.entries).toBeGreaterThanOrEqual(45);
  });

  test('have the room that is foretold, without a table', () => {
    for (const pages of [1, 4]) {
      const sections = [emptySection(0)];
      sections[0]!.entries = Array.from({ length: pages }, (_, page) => entryOf(page * 1_024 + 1));
      const room = batchRoomBytes(1, pages);
      const send = (length: number) => () => {
        const batch = world.nextBatch(sections, { bytes: new Uint8Array(length) });
        return sendWithTables(world.chain, [...budget, settleBatch(batch)], [world.operator], []);
      };
      // It is garbage, but it fits; one byte more does not.
      expect(send(room)).toThrow('badBatch');
      expect(send(room + 1)).toThrow('1233 bytes');
    }
  });

  test('are thousands when staged: they settle within the compute units of one transaction', () => {
    const { exchange, operator, chain } = world;
    const place = { exchange, operator: operator.publicKey, index: 0 };
    chain.send(openStage({ ...place, capacityBytes: 64_800 }), [operator]);
    const random = seeded(3);
    fillPages(world);
    const chosen = new Set<number>();
    while (chosen.size < BATCH_ENTRIES_MAX)
      chosen.add(everybody[Math.floor(random() * everybody.length)]!);
    const batch = world.nextBatch(bitcoinTrading([...chosen], random));
    const hash = batchHash(batch.previousHash, batch.sequence, batch.bytes);
    const { sequence, bytes } = batch;
    chain.send([beginStage({ ...place, sequence, length: bytes.length, hash })], [operator]);
    const writes = writeStage({ ...place, sequence, bytes });
    for (const write of writes) chain.send([...budget, write], [operator]);
    const commit = commitStage({ ...batch, index: 0, hash });
    const sent = sendWithTables(chain, [...budget, commit], [operator], [table]);
    expect(sent.events).toMatchObject([{ kind: 'batchSettled', entries: BATCH_ENTRIES_MAX }]);
    const entriesAWrite = BATCH_ENTRIES_MAX / (writes.length + 2);
    report(
      'staged',
      bytes.length,
      { entries: BATCH_ENTRIES_MAX, transactions: writes.length + 2, entriesAWrite },
      sent.computeUnits,
    );
  });
});

function entryOf(accountId: number): BatchEntry {
  return {
    accountId,
    deltaLots: 0n,
    deltaEntryTickLots: 0n,
    realizedMicroUsd: 0n,
    otherMicroUsd: 0n,
  };
}

/** Gives every row of all pages an owner and a million dollars, and takes all positions away, as if nothing had been. */
function fillPages(world: TestExchange): void {
  const { exchange, chain } = world;
  for (let number = 0; number < PAGES; number++) {
    const key = pageAddress(exchange, number);
    const page = Buffer.from(chain.read(key));
    for (let at = PAGE_HEADER_BYTES; at < page.length; at += ROW_BYTES) {
      page.fill(0, at, at + ROW_BYTES);
      page.fill(7, at, at + 32);
      page.writeBigInt64LE(1_000_000_000_000n, at + 32);
      page[at + 75] = 1;
    }
    chain.write(key, PROGRAM_ID, page);
  }
}

/** Compute units that no instruction may exceed by itself. Finding the bump of an address costs 1,500 a try, and by chance it takes many. */
const ceilings: Record<string, number> = {
  initialize: 60_000,
  addMarket: 30_000,
  createPage: 30_000,
  growPage: 3_000,
  createUser: 8_000,
  deposit: 20_000,
  fundInsurance: 20_000,
  settleBatch: 12_000,
  openStage: 30_000,
  growStage: 3_000,
  beginStage: 5_000,
  writeStage: 6_000,
  abortStage: 5_000,
  commitStage: 14_000,
  closeStage: 6_000,
  withdraw: 30_000,
  requestForced: 30_000,
  reduceForced: 15_000,
  cancelForced: 6_000,
  serveForced: 30_000,
  sweepFees: 20_000,
  proposeChange: 30_000,
  applyChange: 8_000,
  cancelChange: 6_000,
  pause: 5_000,
  unpause: 5_000,
  freeze: 15_000,
  fixExitPrice: 8_000,
  tally: 60_000,
  escape: 25_000,
};

test('every instruction stays within its compute units', () => {
  // Founders that are always the same, and so all addresses.
  const world = new TestExchange(
    undefined,
    undefined,
    Keypair.fromSeed(new Uint8Array(32).fill(1)),
  );
  const { chain, exchange, mint, operator, coSigner, founder } = world;
  const used: Record<string, number> = {};
  const send = (name: string, instructions: TransactionInstruction[], signers: Keypair[]) => {
    const { computeUnits } = chain.send(instructions, signers);
    used[name] ??= computeUnits;
  };
  const trade = () => {
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10_000n, 10_000, [500_000n, 400_000n]);
    return engine.takeSections();
  };
  const other = Keypair.fromSeed(new Uint8Array(32).fill(2));
  chain.fund(other.publicKey);
  const keysOfOther = {
    founder: other.publicKey,
    operator: operator.publicKey,
    coSigner: coSigner.publicKey,
  };
  const theirs = { ...keysOfOther, mint, feeDestination: world.feeDestination };
  send('initialize', [initialize({ ...theirs, limits: DEFAULT_EXCHANGE_LIMITS })], [other]);
  const ofOther = { exchange: exchangeAddress(other.publicKey), operator: operator.publicKey };
  const market = {
    exchange: ofOther.exchange,
    admin: other.publicKey,
    slot: 0,
    terms: plainMarket(),
  };
  send('addMarket', [addMarket(market)], [other]);
  const [create, grow] = createPage({ ...ofOther, number: 0 });
  send('createPage', [create!], [operator]);
  send('growPage', [grow!], []);
  world.addUsers(1, 2);
  const owner = world.owners.get(1)!.publicKey;
  send(
    'createUser',
    [createUser({ exchange, operator: operator.publicKey, accountId: 3, owner })],
    [operator],
  );
  used.deposit = world.deposit(1, 100_000_000n).computeUnits;
  world.deposit(2, 100_000_000n);
  used.fundInsurance = world.fundInsurance(0, 5n).computeUnits;
  world.setPrice(0, 10_000);
  used.settleBatch = world.settle(trade()).computeUnits;

  const place = { exchange, operator: operator.publicKey, index: 0 };
  send('openStage', [openStage({ ...place, capacityBytes: 900 })[0]!], [operator]);
  send('growStage', openStage({ ...place, capacityBytes: 900 }).slice(1), [operator]);
  const batch = world.nextBatch(trade());
  const { sequence, bytes } = batch;
  const hash = batchHash(batch.previousHash, sequence, bytes);
  send('beginStage', [beginStage({ ...place, sequence, length: bytes.length, hash })], [operator]);
  send('abortStage', [abortStage(place)], [operator]);
  send('again', [beginStage({ ...place, sequence, length: bytes.length, hash })], [operator]);
  send('writeStage', writeStage({ ...place, sequence, bytes }), [operator]);
  send('commitStage', [commitStage({ ...batch, index: 0, hash })], [operator]);
  send('closeStage', [closeStage(place)], [operator]);

  used.withdraw = world.withdraw(world.authorise(1, 5n)).computeUnits;
  const feeDestination = world.feeDestination;
  const fees = { exchange, mint, operator: operator.publicKey, feeDestination, slot: 0 };
  send('sweepFees', [sweepFees({ ...fees, amountMicroUsd: 5n })], [operator]);
  const [admin, authority] = [founder.publicKey, founder.publicKey];
  const validUntilSeconds = chain.nowSeconds + 9n;
  const change = { kind: 'operator', key: operator.publicKey } as const;
  for (const number of [0, 1]) {
    const proposal = { exchange, admin, number, change, validUntilSeconds };
    send('proposeChange', [proposeChange(proposal)], [founder]);
  }
  send('cancelChange', [cancelChange({ exchange, admin, number: 0 })], [founder]);
  chain.advance(172_800);
  send('applyChange', [applyChange({ exchange, admin, number: 1, slot: null })], [founder]);
  send('pause', [pause({ exchange, authority })], [founder]);
  const soon = chain.nowSeconds + 9n;
  send('unpause', [unpause({ exchange, admin, validUntilSeconds: soon })], [founder]);
  measureExit(world, send);

  for (const [name, ceiling] of Object.entries(ceilings)) {
    report(name, used[name]);
    expect(used[name], name).toBeLessThan(ceiling);
  }

  function measureExit(of: TestExchange, measure: typeof send): void {
    const owner = of.owners.get(1)!;
    const accountId = 1;
    const destination = chain.createTokens(mint, owner.publicKey, 0n);
    const mine = { exchange, mint, owner: owner.publicKey, accountId, destination };
    const request = (amountMicroUsd: bigint) => [requestForced({ ...mine, amountMicroUsd })];
    of.setPrice(0, 10_000);
    const positions = of.positionsOf(1);
    measure('requestForced', request(90_000_000n), [owner]);
    measure('reduceForced', [reduceForced({ ...mine, positions })], []);
    const keys = { operator: operator.publicKey, coSigner: coSigner.publicKey };
    measure('serveForced', [serveForced({ ...mine, ...keys, positions })], [operator, coSigner]);
    measure('again', request(1_000_000n), [owner]);
    measure('cancelForced', [cancelForced(mine)], [owner]);
    measure('again', request(2_000_000n), [owner]);
    chain.advance(86_401);
    of.setPrice(0, 10_000);
    measure('freeze', [freeze({ ...mine, positions })], []);
    const priceAccount = of.priceAccounts.get(0)!;
    measure('fixExitPrice', [fixExitPrice({ exchange, slot: 0, priceAccount })], []);
    measure('tally', [tally({ exchange, pageNumber: 0, marketCount: 1, rows: 1_024 })], []);
    measure('escape', [escapeFunds({ ...mine, marketCount: 1 })], [owner]);
  }
});
