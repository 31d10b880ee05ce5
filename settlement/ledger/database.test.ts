import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { LedgerDatabase, ledgerFile } from './database.js';
import {
  LedgerDamagedError,
  LedgerError,
  LedgerFullError,
  LedgerInUseError,
  LedgerLockedError,
  LedgerVersionError,
} from './errors.js';
import { expectSameBalances, expectSoundBatches } from './testing/ledger-check.js';
import { RandomJournal } from './testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from './testing/scratch.js';

afterEach(removeScratch);

describe('a ledger that is full', () => {
  it('says so, keeps what it had, and loses nothing of what comes again', () => {
    const journal = new RandomJournal(21, 30).run(3_000);
    const messages = journal.messages(40);
    const dataDir = makeScratch();
    const small = openLedger(dataDir, { pagesMax: 120 });
    let at = 0;
    let full: unknown = null;
    while (full === null && at < messages.length) {
      const before = small.status().streams;
      try {
        small.ingest(messages.slice(at, at + 5));
        at += 5;
      } catch (error) {
        full = error;
        expect(small.status().streams).toEqual(before);
      }
    }
    expect(full).toBeInstanceOf(LedgerFullError);
    expect((full as Error).message).toContain('has no room left');
    expect(at).toBeGreaterThan(5);
    // It still is full, also for batches, and still has everything.
    placeMarkets(small);
    expect(() => {
      for (;;) small.buildBatch({ ...NO_LIMITS, itemsMax: 5 });
    }).toThrow(LedgerFullError);
    expectSoundBatches(small);
    small.close();
    const large = openLedger(dataDir);
    for (; at < messages.length; at += 5) large.ingest(messages.slice(at, at + 5));
    while (large.buildBatch({ ...NO_LIMITS, itemsMax: 500 }).isFull);
    expectSameBalances(large, journal);
    expectSoundBatches(large);
  });
});

describe('a ledger that is locked', () => {
  it('belongs to one settlement at a time, in this process or another one', () => {
    const dataDir = makeScratch();
    const ledger = openLedger(dataDir);
    expect(() => openLedger(dataDir)).toThrow(LedgerInUseError);
    const module = path.resolve('node_modules/better-sqlite3/lib/index.js');
    const script = `import Database from ${JSON.stringify(module)};
      const lock = new Database(${JSON.stringify(`${ledgerFile(dataDir)}.lock`)}, { timeout: 0 });
      try { lock.exec('BEGIN EXCLUSIVE'); console.log('free'); } catch (error) { console.log(error.code); }`;
    const other = () =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(other().stdout.trim()).toBe('SQLITE_BUSY');
    ledger.close();
    expect(other().stdout.trim()).toBe('free');
    openLedger(dataDir).close();
  });

  it('says so when somebody writes into the file, and goes on afterwards', () => {
    const journal = new RandomJournal(5, 4).run(50);
    const dataDir = makeScratch();
    const ledger = openLedger(dataDir, { lockPatienceMs: 20 });
    const messages = journal.messages();
    ledger.ingest(messages.slice(0, 1));
    const intruder = new Database(ledgerFile(dataDir));
    intruder.exec('BEGIN IMMEDIATE');
    expect(() => ledger.ingest(messages)).toThrow(LedgerLockedError);
    expect(() => ledger.ingest(messages)).toThrow('locked by somebody else');
    intruder.exec('ROLLBACK');
    intruder.close();
    ledger.ingest(messages);
    placeMarkets(ledger);
    ledger.buildBatch(NO_LIMITS);
    expectSameBalances(ledger, journal);
  });

  it('can be read meanwhile, and told what to do with dead letters', async () => {
    const { askForAction } = await import('./dead-letters.js');
    const dataDir = makeScratch();
    const ledger = openLedger(dataDir);
    ledger.ingest([{ subject: 'fills.1', sequence: 1, data: new Uint8Array(3) }]);
    const reader = openLedger(dataDir, { mode: 'read' });
    expect(reader.status().deadLetters.open).toBe(1);
    expect(() => reader.deadLetters.discard(1, 'no')).toThrow();
    reader.close();
    askForAction(dataDir, 'discard', 1, 'not one of ours');
    askForAction(dataDir, 'retry', 7, 'there is none');
    expect(ledger.deadLetters.doWhatWasAsked()).toBe(2);
    expect(ledger.deadLetters.doWhatWasAsked()).toBe(0);
    expect(ledger.status().deadLetters.open).toBe(0);
    const [second, first] = ledger.deadLetters.journal(5);
    expect(first).toMatchObject({ action: 'discard', reason: 'not one of ours' });
    expect(second?.result).toBe('refused: there is no dead letter 7');
  });
});

describe('a ledger that cannot be opened', () => {
  it('is left as it is when it is damaged, and names the file', () => {
    const dataDir = makeScratch();
    openLedger(dataDir).close();
    const file = ledgerFile(dataDir);
    fs.writeFileSync(file, Buffer.alloc(8_192, 'x'));
    expect(() => openLedger(dataDir)).toThrow(LedgerDamagedError);
    expect(() => openLedger(dataDir)).toThrow(file);
    expect(fs.readFileSync(file, 'latin1')).toBe('x'.repeat(8_192));
  });

  it('is refused when a newer release has written it', () => {
    const dataDir = makeScratch();
    const ledger = openLedger(dataDir);
    ledger.close();
    const database = new Database(ledgerFile(dataDir));
    database.pragma('user_version = 99');
    database.close();
    expect(() => openLedger(dataDir)).toThrow(LedgerVersionError);
    expect(() => openLedger(dataDir)).toThrow('has schema 99');
  });

  it('of an earlier schema is brought up to date, with what it had', () => {
    const dataDir = makeScratch();
    openLedger(dataDir).close();
    const database = new Database(ledgerFile(dataDir));
    database.exec(
      "INSERT INTO transactions VALUES (1, 'withdraw', 1, 0, 'confirmed', 1, 1);" +
        'INSERT INTO attempts (transaction_id, number, signature, blockhash, last_valid_height, priority_fee_micro_lamports, sent_at_ms, result, fee_lamports) ' +
        "VALUES (1, 1, 'a', 'b', 1, 0, 1, 'confirmed', 5700); DROP TABLE fees; DROP TABLE transfers; DROP TABLE forced_payments; " +
        'DROP INDEX accounts_of_key; DROP INDEX accounts_of_parent; ALTER TABLE forced_requests DROP COLUMN paid_micro_usd',
    );
    database.pragma('user_version = 1');
    database.close();
    expect(() => openLedger(dataDir, { mode: 'read' })).toThrow('has schema 1, this release reads');
    expect(openLedger(dataDir).progress().feesPaidLamports).toBe(5_700);
  });

  it('is not made by who only wants to read, and not used for another exchange', () => {
    const dataDir = makeScratch();
    expect(() => openLedger(dataDir, { mode: 'read' })).toThrow('there is no ledger');
    const ledger = openLedger(dataDir);
    ledger.bindTo('ExchangeOne');
    ledger.bindTo('ExchangeOne');
    expect(() => ledger.bindTo('ExchangeTwo')).toThrow(LedgerError);
  });

  it('frees its lock when opening fails, so that the next attempt tells the same', () => {
    const dataDir = makeScratch();
    fs.mkdirSync(ledgerFile(dataDir), { recursive: true });
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => new LedgerDatabase({ dataDir })).toThrow('cannot be read or written');
    }
  });
});
