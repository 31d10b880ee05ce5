import { base58 } from '@scure/base';
import { Keypair, PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Attempt } from './attempt.js';
import { type SenderOptions, TransactionSender } from './sender.js';
import { ChainUnderTest, transferRequest } from './testing/chain-under-test.js';
import {
  dropTransactions,
  type Fault,
  garbage,
  httpStatus,
  lie,
  loseAnswers,
  silent,
  unreachable,
} from './testing/faulty-fetch.js';
import { removeScratch } from './testing/scratch.js';

const SOL = 1_000_000_000;
const opened: ChainUnderTest[] = [];

function start(ways = 1, options: SenderOptions = {}, poolOptions = {}, front = {}) {
  const test = new ChainUnderTest(ways, front);
  opened.push(test);
  const pool = test.pool(poolOptions);
  const sender = new TransactionSender(pool, { pollMs: 5, resendMs: 20, ...options });
  const reports: Attempt[] = [];
  const onAttempt = (attempt: Attempt) => void reports.push(attempt);
  return { test, pool, sender, reports, onAttempt, to: Keypair.generate().publicKey };
}

afterEach(async () => {
  for (const test of opened.splice(0)) await test.chain.close();
});
afterAll(removeScratch);

const finalised = {
  slot: 1_000,
  confirmations: null,
  err: null,
  status: { Ok: null },
  confirmationStatus: 'finalized',
};

describe('a transaction that is sent', () => {
  it('is executed once; every attempt is told before it is sent', async () => {
    const { test, sender, reports, to } = start();
    const payer = await test.fundedKey();
    let sentWhenTold = -1;
    const outcome = await sender.send(transferRequest(payer, to, SOL), {
      onAttempt: (attempt) => {
        if (attempt.result === 'sending') sentWhenTold = test.way(0).countOf('sendTransaction');
        reports.push(attempt);
      },
    });
    expect(outcome).toMatchObject({
      kind: 'executed',
      attempt: { number: 1, result: 'executed', priorityFeeMicroLamports: 1_000 },
      // 450 units measured, a fifth more and 2,000 asked for.
      details: { computeUnits: 450, feeLamports: 5_000 + 3 },
    });
    expect(sentWhenTold).toBe(0);
    expect(reports.map(({ result }) => result)).toEqual(['sending', 'executed']);
    expect(await test.connection.getBalance(to)).toBe(SOL);
  });

  it('is refused by simulation with error and logs, at no cost', async () => {
    const { test, sender, reports, onAttempt, to } = start();
    const payer = await test.fundedKey(1);
    const outcome = await sender.send(transferRequest(payer, to, 5 * SOL), { onAttempt });
    expect(outcome).toMatchObject({ kind: 'refused', error: { instruction: 2, customCode: 1 } });
    expect(reports).toEqual([]);
    expect(await test.connection.getBalance(payer.publicKey)).toBe(SOL);
  });

  it('that fails on the chain is told with the code of the program and is not tried again', async () => {
    const { test, sender, onAttempt, reports, to } = start();
    const payer = await test.fundedKey(1);
    // The simulation lies, as one that ran a moment before can.
    test.way(0).inject(
      lie('simulateTransaction', (result: { value: object }) => ({
        ...result,
        value: { ...result.value, err: null },
      })),
    );
    const outcome = await sender.send(transferRequest(payer, to, 5 * SOL), { onAttempt });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { customCode: 1, sentence: 'instruction 2: error 1 of the program' },
      attempt: { number: 1, result: 'failed' },
    });
    expect(outcome.kind === 'failed' && outcome.error.logs.join()).toContain(
      'insufficient lamports',
    );
    expect(reports).toHaveLength(2);
  });

  it('that does not fit is refused by name', async () => {
    const { test, sender } = start();
    const payer = await test.fundedKey(1);
    const programId = SystemProgram.programId;
    for (const bytes of [1_100, 3_000]) {
      const data = Buffer.alloc(bytes);
      const instructions = [new TransactionInstruction({ programId, keys: [], data })];
      await expect(sender.send({ label: 'batch 7', payer, instructions })).rejects.toThrow(
        /batch 7: the transaction has (\d+|more) bytes; at most 1232 are allowed/,
      );
    }
  });

  it('waits for the commitment that is asked for', async () => {
    const { test, sender, to } = start(
      1,
      {},
      { commitment: 'finalized' },
      {
        confirmation: { confirmAfterSlots: 1, finalizeAfterSlots: 4 },
      },
    );
    const payer = await test.fundedKey();
    test.passSlots(10);
    const timer = setInterval(() => test.passSlots(1), 10);
    const outcome = await sender.send(transferRequest(payer, to, SOL));
    clearInterval(timer);
    expect(outcome.kind).toBe('executed');
    const slot = await test.connection.getSlot('processed');
    expect(slot).toBeGreaterThanOrEqual((outcome.kind === 'executed' ? outcome.slot : 0) + 4);
  });
});

describe('an endpoint that fails', () => {
  const faults: [string, Fault][] = [
    ['is silent', silent],
    ['cannot be reached', unreachable],
    ['answers garbage', garbage()],
    ['has reached its limit', httpStatus(429, { 'retry-after': '3' })],
    ['is broken', httpStatus(503)],
    ['loses its answers', loseAnswers('sendTransaction')],
    ['drops transactions', dropTransactions],
    [
      'is behind',
      async () =>
        new Response(
          '{"jsonrpc":"2.0","id":"1","error":{"code":-32005,"message":"Node is behind"}}',
        ),
    ],
  ];
  it.each(faults)(
    'and %s does not stop the transaction: another takes it',
    async (_name, fault) => {
      const { test, sender, to } = start(2, {}, { agreement: 1, timeoutMs: 2_000 });
      const payer = await test.fundedKey();
      test.way(0).inject(fault);
      const outcome = await sender.send(transferRequest(payer, to, SOL));
      expect(outcome).toMatchObject({ kind: 'executed', attempt: { number: 1 } });
      expect(await test.connection.getBalance(to)).toBe(SOL);
    },
  );

  it.each(faults)(
    'and %s, alone, leaves the outcome unknown until it works again',
    async (_name, fault) => {
      const { test, sender, onAttempt, reports, to } = start(
        1,
        { unknownAfterMs: 400 },
        { timeoutMs: 300 },
      );
      const payer = await test.fundedKey();
      const request = transferRequest(payer, to, SOL);
      // Only once the transaction is signed: before, nothing was sent at all.
      let repair = () => {};
      const send = () =>
        sender.send(request, {
          onAttempt: (attempt) => {
            if (attempt.result === 'sending') repair = test.way(0).inject(fault);
            onAttempt(attempt);
          },
        });
      // A machine that pauses may let a question time out before.
      const sendAtLast = async (): ReturnType<typeof send> => {
        const outcome = await send();
        return reports.length === 0 ? sendAtLast() : outcome;
      };
      const outcome = await sendAtLast();
      if (outcome.kind !== 'executed') {
        expect(outcome.kind).toBe('unknown');
        repair();
        await new Promise((resolve) => setTimeout(resolve, 300));
        const earlier = outcome.kind === 'unknown' ? outcome.attempts : [];
        expect(earlier).toHaveLength(1);
        const patient = new TransactionSender(test.pool(), { pollMs: 5 });
        const again = await patient.send(request, { earlier, onAttempt });
        expect(again).toMatchObject({ kind: 'executed', attempt: { number: 1 } });
      }
      expect(new Set(reports.map(({ signature }) => signature)).size).toBe(1);
      expect(await test.connection.getBalance(to)).toBe(SOL);
    },
  );

  it('says why when none answers before anything was sent', async () => {
    const { test, sender, to } = start(2);
    const payer = await test.fundedKey();
    test.way(0).inject(unreachable);
    test.way(1).inject(httpStatus(401));
    const outcome = await sender.send(transferRequest(payer, to, SOL));
    expect(outcome).toMatchObject({ kind: 'unknown', attempts: [] });
    expect(outcome.kind === 'unknown' && outcome.reason).toMatch(
      /way 0: it cannot be reached: ECONNREFUSED; way 1: it answers with HTTP status 401/,
    );
  });

  it('is left alone for as long as it asks', async () => {
    const { test, pool } = start(2);
    test.way(0).inject(httpStatus(429, { 'retry-after': '60' }));
    for (let i = 0; i < 5; i++) await pool.ask((connection) => connection.getSlot());
    expect(test.way(0).calls).toHaveLength(1);
    expect(pool.status()[0]).toMatchObject({
      isResting: true,
      lastReason: expect.stringContaining('limit'),
    });
  });
});

describe('a transaction that expires', () => {
  it('is replaced with a fresh blockhash and a higher fee, only after it is certain', async () => {
    const { test, sender, onAttempt, reports, to } = start();
    const payer = await test.fundedKey();
    test.holdClock();
    const repair = test.way(0).inject(dropTransactions);
    const first = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (test.way(0).countOf('sendTransaction') < 3) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    const sending = sender.send(transferRequest(payer, to, SOL), { onAttempt });
    await first;
    test.passSlots(149);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(reports).toHaveLength(1);
    repair();
    // The old attempt must not be what lands now: its last block is over.
    test
      .way(0)
      .inject(async (call, pass) =>
        reports.length < 2 && call.method === 'sendTransaction'
          ? dropTransactions(call, pass)
          : pass(),
      );
    test.passSlots(2);
    const outcome = await sending;
    expect(outcome).toMatchObject({ kind: 'executed', attempt: { number: 2 } });
    expect(reports.map(({ number, result }) => [number, result])).toEqual([
      [1, 'sending'],
      [1, 'expired'],
      [2, 'sending'],
      [2, 'executed'],
    ]);
    expect(reports[2]?.priorityFeeMicroLamports).toBe(4_000);
    expect(reports[2]?.blockhash).not.toBe(reports[0]?.blockhash);
    expect(await test.connection.getBalance(to)).toBe(SOL);
  });

  it('is given up after so many attempts, all of them expired for certain', async () => {
    const { test, sender, onAttempt, reports, to } = start(1, {
      attemptsMax: 3,
      priorityFeeMicroLamportsMax: 9_000,
    });
    const payer = await test.fundedKey();
    test.way(0).inject(dropTransactions);
    const timer = setInterval(() => test.passSlots(151), 10);
    const outcome = await sender.send(transferRequest(payer, to, SOL), { onAttempt });
    clearInterval(timer);
    expect(outcome.kind).toBe('expired');
    const sent = reports.filter(({ result }) => result === 'sending');
    expect(sent.map((attempt) => attempt.priorityFeeMicroLamports)).toEqual([1_000, 4_000, 9_000]);
    expect(await test.connection.getBalance(to)).toBe(0);
  });

  it('stays unknown while one of two endpoints does not say that it expired', async () => {
    const { test, sender, to } = start(2, { unknownAfterMs: 300 });
    const payer = await test.fundedKey();
    test.way(0).inject(dropTransactions);
    test.way(1).inject(dropTransactions);
    test
      .way(1)
      .inject(
        lie('getEpochInfo', (info: { blockHeight: number }) => ({ ...info, blockHeight: 1 })),
      );
    const sending = sender.send(transferRequest(payer, to, SOL));
    await new Promise((resolve) => setTimeout(resolve, 50));
    test.passSlots(200);
    expect((await sending).kind).toBe('unknown');
  });
});

describe('a fork', () => {
  it('that takes back what was confirmed makes the transaction expire, and another takes its place', async () => {
    const { test, sender, reports, onAttempt, to } = start();
    const payer = await test.fundedKey();
    const dropped = test.way(0).inject(dropTransactions);
    let looks = 0;
    const confirmed = { ...finalised, confirmations: 3, confirmationStatus: 'confirmed' };
    const seen = test.way(0).inject(
      lie('getSignatureStatuses', (result: { value: unknown[] }) => {
        looks += 1;
        return { ...result, value: looks < 5 ? [confirmed] : [null] };
      }),
    );
    const sending = sender.send(transferRequest(payer, to, SOL), { onAttempt });
    while (looks < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    test.passSlots(200);
    while (reports.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    dropped();
    seen();
    expect(await sending).toMatchObject({ kind: 'executed' });
    expect(reports[1]).toMatchObject({ number: 1, result: 'expired' });
    expect(await test.connection.getBalance(to)).toBe(SOL);
  });
});

describe('an endpoint that lies', () => {
  it('and calls final what another does not know is not believed', async () => {
    const disagreements: string[] = [];
    const once = async () => {
      const { test, sender, to } = start(2, {
        unknownAfterMs: 200,
        onDisagreement: (text) => disagreements.push(text),
      });
      const payer = await test.fundedKey();
      test.way(0).inject(dropTransactions);
      test.way(1).inject(dropTransactions);
      test
        .way(0)
        .inject(
          lie('getSignatureStatuses', (result: object) => ({ ...result, value: [finalised] })),
        );
      const sending = sender.send(transferRequest(payer, to, SOL));
      let isOver = false;
      void sending.finally(() => {
        isOver = true;
      });
      while (!isOver && test.way(0).countOf('sendTransaction') === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      test.passSlots(200);
      return sending;
    };
    let outcome = await once();
    // Unless the machine has paused until it was too late to ask.
    while (disagreements.length === 0) outcome = await once();
    expect(outcome.kind).toBe('unknown');
    expect(outcome.kind === 'unknown' && outcome.reason).toContain('contradict each other');
    expect(disagreements[0]).toContain('way 1: {"kind":"expired"}');
  });

  it('and hides what was executed does not make it execute twice', async () => {
    const { test, sender, to } = start(3, {}, { agreement: 2 });
    const payer = await test.fundedKey();
    test
      .way(0)
      .inject(lie('getSignatureStatuses', (result: object) => ({ ...result, value: [null] })));
    test.way(0).inject(lie('getEpochInfo', (info: object) => ({ ...info, blockHeight: 9e12 })));
    const outcome = await sender.send(transferRequest(payer, to, SOL));
    expect(outcome).toMatchObject({ kind: 'executed', attempt: { number: 1 } });
    expect(await test.connection.getBalance(to)).toBe(SOL);
  });

  it('and names a last block that is over does not shorten the life of an attempt', async () => {
    const { test, sender, reports, onAttempt, to } = start(2);
    const payer = await test.fundedKey();
    test.way(0).inject(
      lie('getLatestBlockhash', (result: { value: object }) => ({
        ...result,
        value: { ...result.value, lastValidBlockHeight: 1 },
      })),
    );
    await sender.send(transferRequest(payer, to, SOL), { onAttempt });
    const height = await test.connection.getBlockHeight();
    expect(reports[0]?.lastValidBlockHeight).toBeGreaterThan(height + 140);
  });
});

describe('endpoints of different chains', () => {
  it('are noticed', async () => {
    const { test, pool } = start(2);
    expect(await pool.genesisHash()).toBe(test.chain.genesis.hash);
    test.way(1).inject(lie('getGenesisHash', () => 'another'));
    await expect(pool.genesisHash()).rejects.toThrow(/way 1 is a node of chain another, others of/);
  });
});

describe('after a restart of the sender', () => {
  it('an attempt that landed is found, not sent again', async () => {
    const { test, sender, onAttempt, reports, to } = start();
    const payer = await test.fundedKey();
    const request = transferRequest(payer, to, SOL);
    const abort = new AbortController();
    const repair = test
      .way(0)
      .inject(lie('getSignatureStatuses', (result: object) => ({ ...result, value: [null] })));
    const sending = sender.send(request, { onAttempt, signal: abort.signal });
    while ((await test.connection.getBalance(to)) !== SOL) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    abort.abort();
    expect((await sending).kind).toBe('unknown');
    repair();
    const earlier = [reports[0] as Attempt];
    const again = await new TransactionSender(test.pool()).send(request, { earlier, onAttempt });
    expect(again).toMatchObject({ kind: 'executed', attempt: { number: 1, result: 'executed' } });
    expect(await test.connection.getBalance(to)).toBe(SOL);
  });

  it('waits for an attempt without bytes until it cannot land, but not when repeating does no harm', async () => {
    const { test, sender, to } = start(1, { unknownAfterMs: 100 });
    const payer = await test.fundedKey();
    const lost: Attempt = {
      number: 1,
      signature: base58.encode(Buffer.alloc(64, 5)),
      blockhash: '',
      lastValidBlockHeight: (await test.connection.getBlockHeight()) + 150,
      computeUnitLimit: 1,
      priorityFeeMicroLamports: 1,
      wire: null,
      result: 'sending',
      slot: null,
      error: null,
      details: null,
    };
    const request = transferRequest(payer, to, SOL);
    expect((await sender.send(request, { earlier: [lost] })).kind).toBe('unknown');
    const repeatable = { ...request, isRepeatable: true };
    const patient = new TransactionSender(test.pool(), { pollMs: 5, resendMs: 20 });
    const outcome = await patient.send(repeatable, { earlier: [lost] });
    expect(outcome).toMatchObject({ kind: 'executed', attempt: { number: 2 } });
    test.passSlots(200);
    const again = await patient.send(transferRequest(payer, to, 2 * SOL), { earlier: [lost] });
    expect(again).toMatchObject({ kind: 'executed', attempt: { number: 2 } });
    expect(await test.connection.getBalance(to)).toBe(3 * SOL);
  });

  it('rejects when an attempt cannot be kept, before it is sent', async () => {
    const { test, sender, to } = start();
    const payer = await test.fundedKey();
    const onAttempt = () => Promise.reject(new Error('the ledger is full'));
    await expect(sender.send(transferRequest(payer, to, SOL), { onAttempt })).rejects.toThrow(
      /ledger is full/,
    );
    expect(test.way(0).countOf('sendTransaction')).toBe(0);
    expect(await test.connection.getBalance(new PublicKey(to))).toBe(0);
  });
});
