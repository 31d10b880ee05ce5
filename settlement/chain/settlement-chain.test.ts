import { base58 } from '@scure/base';
import { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { decodeStage } from '../program/accounts.js';
import { pageAddress, stageAddress } from '../program/addresses.js';
import { encodeBatch } from '../program/batch-codec.js';
import { requestForced } from '../program/exit-instructions.js';
import { CHUNK_BYTES, PAGE_BYTES } from '../program/sizes.js';
import type { Attempt } from './attempt.js';
import type { SettledBatch } from './batch-history.js';
import { TransactionSender } from './sender.js';
import type { SettlementChainOptions } from './settlement-chain.js';
import { dropTransactions, type Fault, lie, loseAnswers } from './testing/faulty-fetch.js';
import { removeScratch } from './testing/scratch.js';
import {
  marketTerms,
  programFile,
  SettlementUnderTest,
  trades,
} from './testing/settlement-under-test.js';
import type { TransactionBook, TransactionName } from './transaction-book.js';

const opened: SettlementUnderTest[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(removeScratch);

async function start(
  way: 'in process' | 'over HTTP' = 'in process',
  options: Partial<SettlementChainOptions> = {},
  ways = 1,
) {
  const under = await SettlementUnderTest.start(way, options, ways);
  opened.push(under);
  return under;
}

/** Rows, purses and totals say what the vault holds. */
async function checkMoney({ chain }: SettlementUnderTest): Promise<void> {
  const state = (await chain.state()) as NonNullable<Awaited<ReturnType<typeof chain.state>>>;
  let sum = 0n;
  for await (const row of chain.reader.allRows()) sum += row.collateralMicroUsd;
  expect(sum).toBe(state.collateralMicroUsd);
  for (const { feesMicroUsd, insuranceMicroUsd, clearingMicroUsd } of await chain.markets()) {
    sum += feesMicroUsd + insuranceMicroUsd + clearingMicroUsd;
  }
  expect(sum).toBe(state.depositedMicroUsd - state.withdrawnMicroUsd);
  expect(await chain.reader.vaultMicroUsd()).toBe(sum);
}

describe.each(['in process', 'over HTTP'] as const)('an exchange on a chain %s', (way) => {
  it('is set up once, takes deposits, settles, pays withdrawals, and its money adds up', async () => {
    const under = await start(way);
    const { chain, trader } = under;
    expect(await chain.state()).toBeNull();
    await under.open(2);
    const made = await chain.state();
    await under.open(2);
    expect(await chain.state()).toEqual(made);
    expect(made).toMatchObject({
      status: 'active',
      marketCount: 1,
      pageCount: 1,
      lastSequence: 0n,
    });

    const signature = await chain.depositFor(1, 5_000_000_000n, trader);
    await chain.depositFor(2, 3_000_000_000n, trader);
    await chain.fundInsurance(0, 1_000_000n, trader);
    const found = await chain.deposits(null);
    expect(found.events.map(({ event }) => [event.accountId, event.amountMicroUsd])).toEqual([
      [1, 5_000_000_000n],
      [2, 3_000_000_000n],
    ]);
    expect(found.events[0]).toMatchObject({ signature, index: 0 });
    expect((await chain.deposits(found.cursor)).events).toEqual([]);

    const batch = under.nextBatch([trades(2)]);
    const settled = await chain.settle(batch);
    expect(settled).toMatchObject({ kind: 'settled', isRepeat: false, transactions: 1 });
    expect(await chain.settle(batch)).toMatchObject({ kind: 'settled', isRepeat: true });
    const rows = await chain.rows([1, 2, 3]);
    expect([...rows.keys()]).toEqual([1, 2]);
    expect(rows.get(1)?.positions).toEqual([{ slot: 0, lots: 5n, entryTickLots: 50_000n }]);
    expect(rows.get(2)?.collateralMicroUsd).toBe(2_999_999_999n);

    const { authorisation, signature: signed } = under.authorise(1, 1n, 700n);
    expect(await chain.withdrawalFate(authorisation)).toBe('open');
    const before = await under.test.connection.getTokenAccountBalance(under.tokenAccount);
    expect((await chain.withdraw(authorisation, signed)).kind).toBe('paid');
    expect(await chain.withdrawalFate(authorisation)).toBe('paid');
    expect(await chain.withdraw(authorisation, signed)).toEqual({ kind: 'paid', outcome: null });
    const after = await under.test.connection.getTokenAccountBalance(under.tokenAccount);
    expect(BigInt(after.value.amount) - BigInt(before.value.amount)).toBe(700n);
    const kinds = (await chain.moneyEvents(null)).events.map(({ event }) => event.kind);
    expect(kinds).toEqual(['deposited', 'deposited', 'insuranceFunded', 'withdrawn']);
    await checkMoney(under);
  });

  it('moves collateral between rows of one owner, once, and never to another owner', async () => {
    const under = await start(way);
    const { chain, trader } = under;
    await under.open(2);
    const rows = await chain.rows([1, 2]);
    const owner = rows.get(1)?.owner as PublicKey;
    await chain.ensureUsers([
      { accountId: 3, owner },
      { accountId: 4, owner: Keypair.generate().publicKey },
    ]);
    await chain.depositFor(1, 5_000_000n, trader);
    const move = { fromAccountId: 1, toAccountId: 3, amountMicroUsd: 2_000_000, number: 1 };
    expect(await chain.transfer(move)).toBe('done');
    expect(await chain.transfer(move)).toBe('done');
    const stolen = await chain.transfer({ ...move, toAccountId: 4, number: 2 });
    const owners = /the two rows do not have one owner/;
    expect(stolen).toMatchObject({
      kind: 'refused',
      error: { sentence: expect.stringMatching(owners) },
    });
    const more = await chain.transfer({ ...move, amountMicroUsd: 3_000_001, number: 2 });
    const free = /not enough is free to leave/;
    expect(more).toMatchObject({
      kind: 'refused',
      error: { sentence: expect.stringMatching(free) },
    });
    const after = await chain.rows([1, 3, 4]);
    expect([...after.values()].map(({ collateralMicroUsd }) => collateralMicroUsd)).toEqual([
      3_000_000n,
      2_000_000n,
      0n,
    ]);
    await checkMoney(under);
  });

  it('settles a batch of hundreds of accounts at once, in pieces', async () => {
    const under = await start(way);
    await under.open(400);
    await under.chain.depositFor(1, 1_000_000n, under.trader);
    for (const accountId of [2, 3])
      await under.chain.depositFor(accountId, 1_000_000n, under.trader);
    const batch = under.nextBatch([trades(400)]);
    expect(batch.bytes.length).toBeGreaterThan(2_500);
    const settled = await under.chain.settle(batch);
    expect(settled).toMatchObject({ kind: 'settled', isRepeat: false });
    const state = await under.chain.state();
    expect(state).toMatchObject({ lastSequence: 1n });
    const rows = await under.chain.rows([399, 400]);
    expect(rows.get(400)?.positions[0]?.lots).toBe(-5n);
    expect(await under.chain.settle(batch)).toMatchObject({ kind: 'settled', isRepeat: true });
    expect((await under.chain.settle(under.nextBatch([trades(2)]))).kind).toBe('settled');
    await checkMoney(under);
  });
});

describe('a batch', () => {
  it('that was broken off between its pieces goes on where it was', async () => {
    const under = await start('in process', { sender: { pollMs: 5, resendMs: 10_000 } });
    await under.open(400);
    const batch = under.nextBatch([trades(400)]);
    const way = under.test.way(0);
    const abort = new AbortController();
    let writes = 0;
    let arrived = 0;
    // Opening the stage, beginning the batch and one piece arrive; all that follows is lost.
    const refuse: Fault = async (call, pass) => {
      if (call.method !== 'sendTransaction') return pass();
      const isLost = ++writes > 3;
      const response = await (isLost ? dropTransactions(call, pass) : pass());
      if (!isLost) arrived++;
      if (arrived === 3 && writes > 3) setTimeout(() => abort.abort(), 100);
      return response;
    };
    const repair = way.inject(refuse);
    const broken = await under.chain.settle(batch, abort.signal);
    expect(broken).toMatchObject({ kind: 'notYet', mayBeUnderWay: true });
    const stage = await under.test.connection.getAccountInfo(stageAddress(under.chain.exchange, 0));
    const written = decodeStage(stage?.data as Buffer).written;
    repair();
    expect(written).toHaveLength(1);
    const before = way.countOf('sendTransaction');
    expect(await under.chain.settle(batch)).toMatchObject({ kind: 'settled' });
    const pieces = Math.ceil(batch.bytes.length / CHUNK_BYTES);
    // The pieces that were missing, and the commit.
    expect(way.countOf('sendTransaction') - before).toBe(pieces - written.length + 1);
    await checkMoney(under);
  });

  it.each<[string, Fault, number]>([
    ['loses what it answers to transactions', loseAnswers('sendTransaction'), 10_000],
    [
      'hides what it has done',
      lie('getSignatureStatuses', (result: object) => ({ ...result, value: [null] })),
      300,
    ],
  ])('is settled once although the endpoint %s', async (_name, fault, unknownAfterMs) => {
    const under = await start('in process', {
      sender: { pollMs: 5, resendMs: 10_000, unknownAfterMs },
    });
    await under.open(2);
    const batch = under.nextBatch([trades(2)]);
    const repair = under.test.way(0).inject(fault);
    const first = await under.chain.settle(batch);
    // The state of the chain tells what the endpoint did not.
    expect(first).toMatchObject({ kind: 'settled', isRepeat: false });
    repair();
    expect(await under.chain.settle(batch)).toMatchObject({ kind: 'settled', isRepeat: true });
    const rows = await under.chain.rows([1]);
    expect(rows.get(1)?.positions[0]?.lots).toBe(5n);
  });

  it('that does not follow, or that the program refuses, is told with the reason', async () => {
    const under = await start();
    await under.open(2);
    const early = { ...under.nextBatch([trades(2)]), sequence: 3 };
    expect(await under.chain.settle(early)).toMatchObject({
      kind: 'notYet',
      mayBeUnderWay: false,
      reason: 'the chain waits for batch 1, not for 3',
    });
    const other = await start();
    await other.open(2);
    const wild = other.nextBatch([trades(2, 5n, 20_000)]);
    const refused = await other.chain.settle(wild);
    expect(refused).toMatchObject({ kind: 'refused', failure: { name: 'priceOutsideBand' } });
    expect(refused.kind === 'refused' && refused.reason).toContain('outside of the band');
    await expect(other.chain.settle({ ...wild, bytes: wild.bytes.slice(1) })).rejects.toThrow();
  });

  it('of another content under the number of the last one is noticed, and nothing is sent', async () => {
    const under = await start();
    await under.open(2);
    const batch = under.nextBatch([trades(2)]);
    await under.chain.settle(batch);
    const other = { ...batch, bytes: encodeBatch([trades(2, 7n)]) };
    const before = under.test.way(0).countOf('sendTransaction');
    const outcome = await under.chain.settle(other);
    expect(outcome.kind).toBe('halted');
    expect(outcome.kind === 'halted' && outcome.reason).toMatch(
      /has batch 1 with hash \w{64}, not/,
    );
    expect(under.test.way(0).countOf('sendTransaction')).toBe(before);
    expect((await under.chain.state())?.status).toBe('active');
  });

  it('is not taken for settled, or for another, on the word of one of two endpoints', async () => {
    const under = await start('in process', {}, 2);
    await under.open(2);
    const old = await under.test.connection.getAccountInfo(under.chain.exchange);
    const stale = [old?.data.toString('base64'), 'base64'];
    const batch = under.nextBatch([trades(2)]);
    expect(await under.chain.settle(batch)).toMatchObject({ kind: 'settled', isRepeat: false });
    const repair = under.test.way(1).inject(
      lie('getAccountInfo', (result: { value: object }) => ({
        ...result,
        value: { ...result.value, data: stale },
      })),
    );
    const next = under.nextBatch([trades(2)]);
    const outcome = await under.chain.settle(next);
    expect(outcome).toMatchObject({ kind: 'notYet', mayBeUnderWay: true });
    repair();
    expect(await under.chain.settle(next)).toMatchObject({ kind: 'settled', isRepeat: true });
    expect((await under.chain.rows([1])).get(1)?.positions[0]?.lots).toBe(10n);
  });

  it('is written into the book before it is sent, with what became of it', async () => {
    const noted: [TransactionName, Attempt['result'], number][] = [];
    let under: SettlementUnderTest | null = null;
    const book: TransactionBook = {
      openAttempts: () => [],
      note: (name, { result }) => {
        noted.push([name, result, under?.test.way(0).countOf('sendTransaction') ?? 0]);
      },
    };
    under = await start('in process', { book });
    await under.open(2);
    noted.length = 0;
    const before = under.test.way(0).countOf('sendTransaction');
    await under.chain.settle(under.nextBatch([trades(2)]));
    const name = { purpose: 'settleBatch', reference: 1, part: 0 };
    expect(noted).toEqual([
      [name, 'sending', before],
      [name, 'executed', before + 1],
    ]);
  });
});

describe('the history of batches', () => {
  it('is read from the chain alone, staged ones too, and nobody can change it', async () => {
    const under = await start();
    await under.open(150);
    const batches = [trades(2), trades(150), trades(20), trades(150, 7n)].map((section) =>
      under.nextBatch([section]),
    );
    for (const batch of batches) {
      expect(await under.chain.settle(batch)).toMatchObject({ kind: 'settled', isRepeat: false });
      expect(await under.chain.settle(batch)).toMatchObject({ kind: 'settled', isRepeat: true });
    }
    const found: SettledBatch[] = [];
    for await (const batch of under.chain.settledBatches()) found.push(batch);
    expect(found.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    for (const [i, { bytes, previousHash }] of found.entries()) {
      expect(Buffer.compare(bytes, batches[i]?.bytes as Uint8Array)).toBe(0);
      expect(Buffer.compare(previousHash, batches[i]?.previousHash as Uint8Array)).toBe(0);
    }
    const state = await under.chain.state();
    expect(Buffer.compare(found.at(-1)?.hash as Uint8Array, state?.lastHash as Uint8Array)).toBe(0);

    const settled = found[2] as SettledBatch;
    under.test.way(0).inject(
      lie('getTransaction', (result: TransactionJson, call) => {
        if (call.params[0] !== settled.signature) return result;
        const { message } = result.transaction;
        const last = message.instructions.at(-1) as { data: string };
        const data = base58.decode(last.data);
        data[data.length - 1] = (data[data.length - 1] as number) ^ 1;
        const instructions = [
          ...message.instructions.slice(0, -1),
          { ...last, data: base58.encode(data) },
        ];
        return {
          ...result,
          transaction: { ...result.transaction, message: { ...message, instructions } },
        };
      }),
    );
    const read = async () => {
      for await (const _batch of under.chain.settledBatches());
    };
    await expect(read()).rejects.toThrow(
      /batch 3: the program says hash \w{64}, its transactions give/,
    );
  });
});

interface TransactionJson {
  transaction: { message: { instructions: { data: string }[] } };
}

describe('a withdrawal', () => {
  it('that was not paid in time can never be, and says so', async () => {
    const under = await start();
    await under.open(2);
    await under.chain.depositFor(1, 1_000n, under.trader);
    const { authorisation, signature } = under.authorise(1, 4n, 500n, 60);
    under.test.passSlots(140);
    expect(await under.chain.withdrawalFate(authorisation)).toBe('open');
    under.test.passSlots(20);
    expect(await under.chain.withdrawalFate(authorisation)).toBe('expired');
    expect(await under.chain.withdraw(authorisation, signature)).toEqual({
      kind: 'impossible',
      fate: 'expired',
    });
    await checkMoney(under);
  });

  it('is not given up on the word of one endpoint that shows an old row', async () => {
    const under = await start('in process', {}, 2);
    await under.open(2);
    await under.chain.depositFor(1, 1_000n, under.trader);
    const { authorisation, signature } = under.authorise(1, 1n, 500n, 60);
    const old = await under.test.connection.getAccountInfo(pageAddress(under.chain.exchange, 0));
    const stale = [old?.data.toString('base64'), 'base64'];
    expect((await under.chain.withdraw(authorisation, signature)).kind).toBe('paid');
    under.test.passSlots(400);
    under.test.way(0).inject(
      lie('getMultipleAccounts', (result: { value: { data: unknown; space: number }[] }) => ({
        ...result,
        value: result.value.map((one) =>
          one.space === PAGE_BYTES ? { ...one, data: stale } : one,
        ),
      })),
    );
    expect(await under.chain.withdrawalFate(authorisation)).toBe('uncertain');
  });

  it('without the owner’s signature, beyond what is free, or of a used nonce is refused', async () => {
    const under = await start();
    await under.open(2);
    await under.chain.depositFor(1, 1_000n, under.trader);
    const good = under.authorise(1, 2n, 500n);
    const forged = Uint8Array.from(good.signature);
    forged[3] = (forged[3] as number) ^ 1;
    expect((await under.chain.withdraw(good.authorisation, forged)).kind).toBe('refused');
    const large = under.authorise(1, 2n, 1_001n);
    const refused = await under.chain.withdraw(large.authorisation, large.signature);
    expect(refused).toMatchObject({ kind: 'refused', failure: { name: 'notEnoughFree' } });
    expect(refused.kind === 'refused' && refused.reason).toContain('not enough is free to leave');
    expect((await under.chain.withdraw(good.authorisation, good.signature)).kind).toBe('paid');
    const used = under.authorise(1, 1n, 100n);
    expect(await under.chain.withdraw(used.authorisation, used.signature)).toEqual({
      kind: 'impossible',
      fate: 'passed',
    });
  });

  it('that its owner forces on the chain is found and served', async () => {
    const under = await start();
    await under.open(2);
    await under.chain.depositFor(1, 9_000_000n, under.trader);
    const request = requestForced({
      exchange: under.chain.exchange,
      mint: new PublicKey(under.test.chain.genesis.testUsdcMint),
      owner: under.trader.publicKey,
      accountId: 1,
      amountMicroUsd: 2_000_000n,
      destination: under.tokenAccount,
    });
    const sender = new TransactionSender(under.test.directPool(), { pollMs: 5 });
    const sent = await sender.send({
      label: 'forced',
      payer: under.trader,
      instructions: [request],
    });
    expect(sent.kind).toBe('executed');
    const open = await under.chain.forcedWithdrawals();
    expect(open).toMatchObject([{ accountId: 1, amountMicroUsd: 2_000_000n }]);
    const served = await under.chain.serveForced(open[0] as (typeof open)[0]);
    expect(served.kind).toBe('executed');
    expect(await under.chain.forcedWithdrawals()).toEqual([]);
    await checkMoney(under);
  });
});

describe('set-up', () => {
  it('refuses what the chain has otherwise', async () => {
    const under = await start();
    await under.open(2);
    const { chain } = under;
    await expect(chain.ensureMarket(marketTerms({ tickExponent: -3 }))).rejects.toThrow(
      /market SOL-PERP \(slot 0\): tickExponent is -2 on the chain, and -3 here/,
    );
    const stranger = Keypair.generate().publicKey;
    await expect(chain.ensureUser(1, stranger)).rejects.toThrow(/row of account 1 belongs to/);
    const withoutAdmin = await start('in process', {
      keys: { ...under.keys, admin: null },
      founder: under.keys.admin.publicKey,
    });
    await expect(withoutAdmin.chain.setUp(programFile())).rejects.toThrow(
      /key of the administrator is needed to initialise/,
    );
  });

  it('makes pages far out, and replaces a program that is another', async () => {
    const under = await start();
    await under.open(2);
    await under.chain.ensureUser(2_500, under.trader.publicKey);
    expect((await under.chain.state())?.pageCount).toBe(3);
    expect((await under.chain.rows([2_500])).get(2_500)?.owner.equals(under.trader.publicKey)).toBe(
      true,
    );
    const padded = Buffer.concat([programFile(), Buffer.alloc(16)]);
    await under.chain.setUp(padded);
    expect(under.test.chain.programHashes.size).toBe(1);
    expect((await under.chain.settle(under.nextBatch([trades(2)]))).kind).toBe('settled');
  });
});
