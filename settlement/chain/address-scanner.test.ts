import { base58 } from '@scure/base';
import { Keypair, type PublicKey } from '@solana/web3.js';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { AddressScanner, type ScanCursor, type ScannedEvent } from './address-scanner.js';
import { TransactionSender } from './sender.js';
import { ChainUnderTest, transferRequest } from './testing/chain-under-test.js';
import { garbage, lie, silent, unreachable } from './testing/faulty-fetch.js';
import { makeScratch, removeScratch } from './testing/scratch.js';

const opened: ChainUnderTest[] = [];
afterEach(async () => {
  for (const test of opened.splice(0)) await test.chain.close();
});
afterAll(removeScratch);

/** Every call of a program counts as an event of these tests: "2" for the second line that begins one. */
function decode(logs: readonly string[]) {
  const events = logs.filter((line) => line.includes('invoke')).map((_line, i) => `call ${i}`);
  return { events, isTruncated: logs.includes('Log truncated') };
}

async function start(ways = 1, front = {}, folder = makeScratch(), poolOptions = {}) {
  const test = new ChainUnderTest(ways, front, folder);
  opened.push(test);
  const payer = await test.fundedKey(100);
  const address = Keypair.generate().publicKey;
  let lamports = 1_000_000;
  const direct = new TransactionSender(test.directPool(), { pollMs: 1 });
  const pay = async (to: PublicKey = address) => {
    const outcome = await direct.send(transferRequest(payer, to, lamports++));
    if (outcome.kind !== 'executed') throw new Error(outcome.kind);
    return outcome.attempt.signature;
  };
  const pool = test.pool(poolOptions);
  const scanner = new AddressScanner({ pool, address, decode, pageSize: 3 });
  return { test, address, pay, pool, scanner, payer };
}

const signatures = (events: readonly ScannedEvent<string>[]) => [
  ...new Set(events.map(({ signature }) => signature)),
];

describe('a scan', () => {
  it('gives each event once and in order, page after page', async () => {
    const { scanner, pay } = await start();
    expect(await scanner.scan(null)).toMatchObject({ events: [], cursor: null });
    const sent: string[] = [];
    for (let i = 0; i < 7; i++) sent.push(await pay());
    const first = await scanner.scan(null);
    expect(signatures(first.events)).toEqual(sent);
    // The two instructions of the budget and the transfer.
    expect(first.events.slice(0, 4).map(({ index, event }) => [index, event])).toEqual([
      [0, 'call 0'],
      [1, 'call 1'],
      [2, 'call 2'],
      [0, 'call 0'],
    ]);
    expect(first.stoppedBecause).toBe('');
    for (let i = 0; i < 4; i++) sent.push(await pay());
    const second = await scanner.scan(first.cursor);
    expect(signatures(second.events)).toEqual(sent.slice(7));
    expect((await scanner.scan(second.cursor)).events).toEqual([]);
    // The same again gives the same: only the cursor says what was given.
    expect(signatures((await scanner.scan(first.cursor)).events)).toEqual(sent.slice(7));
  });

  it('stops after so many transactions and goes on from there', async () => {
    const { pool, address, pay } = await start();
    const sent: string[] = [];
    for (let i = 0; i < 5; i++) sent.push(await pay());
    const scanner = new AddressScanner({ pool, address, decode, pageSize: 2, transactionsMax: 2 });
    const given: string[] = [];
    let cursor: ScanCursor | null = null;
    for (let i = 0; i < 3; i++) {
      const result = await scanner.scan(cursor);
      given.push(...signatures(result.events));
      expect(result.stoppedBecause).toBe(i < 2 ? 'there is more to read' : '');
      cursor = result.cursor;
    }
    expect(given).toEqual(sent);
  });

  it('goes on over a restart of the chain', async () => {
    const folder = makeScratch();
    const { test, scanner, pay, address } = await start(1, {}, folder);
    await pay();
    const { cursor } = await scanner.scan(null);
    const second = await pay();
    await test.chain.close();
    opened.splice(0);
    const again = new ChainUnderTest(1, {}, folder);
    opened.push(again);
    const pool = again.pool();
    const result = await new AddressScanner({ pool, address, decode }).scan(cursor);
    expect(signatures(result.events)).toEqual([second]);
  });

  it('gives nothing of a transaction that failed', async () => {
    const { test, scanner, pay, address, payer } = await start();
    test.way(0).inject(
      lie('simulateTransaction', (result: { value: object }) => ({
        ...result,
        value: { ...result.value, err: null },
      })),
    );
    const failing = transferRequest(payer, address, 1_000_000_000_000);
    const outcome = await new TransactionSender(test.pool(), { pollMs: 1 }).send(failing);
    expect(outcome.kind).toBe('failed');
    const sent = await pay();
    const result = await scanner.scan(null);
    expect(signatures(result.events)).toEqual([sent]);
  });

  it('tells of logs that it cannot read and goes on', async () => {
    const { pool, address, pay } = await start();
    const sent = [await pay(), await pay()];
    let count = 0;
    const scanner = new AddressScanner({
      pool,
      address,
      decode: (logs) => {
        if (count++ === 0) throw new Error('an event of another version');
        return { ...decode(logs), isTruncated: true };
      },
    });
    const result = await scanner.scan(null);
    expect(signatures(result.events)).toEqual([sent[1]]);
    expect(result.unreadable).toEqual([
      { signature: sent[0], reason: 'an event of another version' },
      { signature: sent[1], reason: 'its logs were cut off' },
    ]);
    expect(result.cursor?.signature).toBe(sent[1]);
  });
});

describe('before it is final', () => {
  it('a transaction is not given, so a fork can take it back', async () => {
    const { test, scanner, pay } = await start(1, {
      confirmation: { confirmAfterSlots: 0, finalizeAfterSlots: 32 },
    });
    test.passSlots(100);
    const sent = await pay();
    expect((await scanner.scan(null)).events).toEqual([]);
    test.passSlots(33);
    expect(signatures((await scanner.scan(null)).events)).toEqual([sent]);
  });
});

describe('an endpoint', () => {
  it('that forgot the last transaction does not make it come again', async () => {
    const { test, scanner, pay } = await start();
    const sent = [await pay(), await pay()];
    const first = await scanner.scan(null);
    expect(signatures(first.events)).toEqual(sent);
    const unknown = Buffer.alloc(64, 7);
    const cursor = { ...(first.cursor as ScanCursor), signature: base58.encode(unknown) };
    expect((await scanner.scan(cursor)).events).toEqual([]);
    test.passSlots(2);
    const third = await pay();
    expect(signatures((await scanner.scan(cursor)).events)).toEqual([third]);
  });

  it('that leaves out a transaction cannot hide it', async () => {
    const { test, scanner, pay } = await start(2);
    const sent = [await pay(), await pay(), await pay()];
    const repair = test
      .way(0)
      .inject(
        lie('getSignaturesForAddress', (list: { signature: string }[]) =>
          list.filter(({ signature }) => signature !== sent[1]),
        ),
      );
    const partial = await scanner.scan(null);
    expect(signatures(partial.events)).toEqual([sent[0]]);
    expect(partial.stoppedBecause).toContain('list different transactions');
    repair();
    expect(signatures((await scanner.scan(partial.cursor)).events)).toEqual(sent.slice(1));
  });

  it('that makes up a transaction or its logs is not believed', async () => {
    const { test, scanner, pay } = await start(2);
    const sent = await pay();
    const repair = test.way(1).inject(
      lie('getTransaction', (found: { meta: { logMessages: string[] } }) => ({
        ...found,
        meta: { ...found.meta, logMessages: [...found.meta.logMessages, 'Program X invoke [1]'] },
      })),
    );
    const result = await scanner.scan(null);
    expect(result.events).toEqual([]);
    expect(result.stoppedBecause).toContain('tell it differently');
    repair();
    const made = {
      signature: base58.encode(Buffer.alloc(64, 9)),
      slot: 9_000_000_000,
      err: null,
      memo: null,
    };
    test.way(1).inject(lie('getSignaturesForAddress', (list: object[]) => [made, ...list]));
    expect(signatures((await scanner.scan(null)).events)).toEqual([sent]);
  });

  it.each([
    ['is silent', silent],
    ['cannot be reached', unreachable],
    ['answers garbage', garbage()],
  ])('of three that %s is done without', async (_name, fault) => {
    const { test, scanner, pay } = await start(3, {}, makeScratch(), { timeoutMs: 2_000 });
    const sent = await pay();
    test.way(1).inject(fault);
    expect(signatures((await scanner.scan(null)).events)).toEqual([sent]);
  });

  it('of two that cannot be reached stops the scan; nothing is skipped', async () => {
    const { test, scanner, pay } = await start(2);
    const sent = await pay();
    const repair = test.way(1).inject(unreachable);
    const stopped = await scanner.scan(null);
    expect(stopped).toMatchObject({ events: [], cursor: null });
    expect(stopped.stoppedBecause).toContain('2 endpoints have to agree, 1 answer');
    repair();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(signatures((await scanner.scan(stopped.cursor)).events)).toEqual([sent]);
  });
});

describe('how far the history is known', () => {
  /** Nodes list what happened in their newest blocks a moment later: so much is left out. */
  const LISTED_AFTER_SLOTS = 32;

  it('is up to the slot at which the scan began, and not known when it stopped or has more to read', async () => {
    const { test, scanner, pool, address, pay } = await start(2);
    test.holdClock();
    await pay();
    await pay();
    const { slot } = test.chain.clock;
    expect((await scanner.scan(null)).completeToSlot).toBe(slot - LISTED_AFTER_SLOTS);
    const some = new AddressScanner({ pool, address, decode, transactionsMax: 1 });
    expect((await some.scan(null)).completeToSlot).toBeNull();
    test.way(1).inject(unreachable);
    const stopped = await scanner.scan(null);
    expect(stopped.stoppedBecause).toContain('1 answer');
    expect(stopped.completeToSlot).toBeNull();
  });

  it('is not beyond what only one endpoint lists, nor beyond the slot of one that is behind', async () => {
    const { test, scanner, pay, address } = await start(2);
    test.holdClock();
    test.passSlots(100);
    await pay();
    const [{ slot = 0 } = {}] = await test.connection.getSignaturesForAddress(address);
    test.passSlots(50);
    const repair = test.way(0).inject(lie('getSignaturesForAddress', () => []));
    const partial = await scanner.scan(null);
    expect(partial).toMatchObject({ events: [], stoppedBecause: '' });
    expect(partial.completeToSlot).toBe(slot - 1 - LISTED_AFTER_SLOTS);
    repair();
    test.way(1).inject(lie('getSlot', () => slot + 3));
    const full = await scanner.scan(null);
    expect(full.events).not.toEqual([]);
    expect(full.completeToSlot).toBe(slot + 3 - LISTED_AFTER_SLOTS);
  });

  it('is asked for with the list, so that a node of the same address that is behind cannot give an old one', async () => {
    const { test, scanner, pay } = await start();
    await pay();
    const ahead = test.chain.clock.slot + 1_000_000;
    test.way(0).inject(lie('getSlot', () => ahead));
    await expect(scanner.scan(null)).rejects.toThrow('Minimum context slot has not been reached');
  });
});
