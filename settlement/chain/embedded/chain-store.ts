import fs from 'node:fs';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { base58 } from '@scure/base';
import Database from 'better-sqlite3';
import type { ChainAccount } from './account-change.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { ChainDamageError } from './log-reader.js';
import type { TransactionEntry } from './transaction-entry.js';

const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (address BLOB PRIMARY KEY, content BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE programs (address BLOB PRIMARY KEY, number INTEGER NOT NULL, elf BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE transactions (record INTEGER PRIMARY KEY, signature BLOB NOT NULL UNIQUE, slot INTEGER NOT NULL,
  content TEXT NOT NULL);
CREATE INDEX transactions_by_slot ON transactions (slot);
CREATE TABLE touched (address BLOB NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (address, record)) WITHOUT ROWID;
`;

/** What is written at once: all that the log says up to and with `lastRecord`. */
export interface Checkpoint {
  lastRecord: number;
  meta: Readonly<Record<string, string>>;
  accounts: ReadonlyMap<string, ChainAccount | null>;
  programs: ReadonlyMap<string, Uint8Array>;
  transactions: readonly TransactionEntry[];
}

/** Another process has the chain open. */
export class ChainLockedError extends Error {
  override readonly name = 'ChainLockedError';
}

/**
 * The compacted part of a chain: its accounts, programs and history in one SQLite file. A checkpoint
 * is one transaction of SQLite, so accounts, history and the number of the last record in it never
 * disagree; what is newer is in the log. The file also is the lock that keeps a second process out:
 * the system gives it back however the process ends.
 */
export class ChainStore {
  private readonly database: Database.Database;
  private readonly file: string;

  constructor(directory: string) {
    this.file = path.join(directory, 'chain.db');
    this.database = new Database(this.file, { timeout: 0 });
    try {
      // The seed of the chain's keys is in it.
      fs.chmodSync(this.file, 0o600);
      // In this order: only then the lock is held from the first write until the process ends.
      this.database.pragma('locking_mode = EXCLUSIVE');
      this.database.pragma('journal_mode = WAL');
      this.database.pragma('synchronous = FULL');
      this.database.transaction(() => this.prepareSchema()).exclusive();
    } catch (error) {
      this.database.close();
      throw explain(error, this.file);
    }
  }

  meta(name: string): string | null {
    const row = this.database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return row === undefined ? null : (row as { value: string }).value;
  }

  get lastRecord(): number {
    return Number(this.meta('lastRecord') ?? 0);
  }

  *accounts(): Generator<[string, ChainAccount]> {
    const rows = this.database.prepare('SELECT address, content, crc FROM accounts').iterate();
    for (const row of rows as Iterable<{ address: Buffer; content: Buffer; crc: number }>) {
      const address = base58.encode(row.address);
      this.checkCrc(row.content, row.crc, `account ${address}`);
      yield [address, decodeAccount(row.content)];
    }
  }

  /** In the order in which they were deployed. */
  *programs(): Generator<[string, Buffer]> {
    const rows = this.database
      .prepare('SELECT address, elf, crc FROM programs ORDER BY number')
      .iterate();
    for (const row of rows as Iterable<{ address: Buffer; elf: Buffer; crc: number }>) {
      const address = base58.encode(row.address);
      this.checkCrc(row.elf, row.crc, `program ${address}`);
      yield [address, row.elf];
    }
  }

  transaction(signature: string): TransactionEntry | null {
    const row = this.database
      .prepare('SELECT content FROM transactions WHERE signature = ?')
      .get(base58.decode(signature));
    return row === undefined ? null : JSON.parse((row as { content: string }).content);
  }

  /** Transactions of these slots and later, in the order of the chain. */
  transactionsSince(slot: number): TransactionEntry[] {
    const rows = this.database
      .prepare('SELECT content FROM transactions WHERE slot >= ? ORDER BY record')
      .all(slot);
    return (rows as { content: string }[]).map((row) => JSON.parse(row.content));
  }

  /** Transactions that name the address, newest first, records below `before` and above `until`. */
  touching(address: string, before: number, until: number, limit: number): TransactionEntry[] {
    const rows = this.database
      .prepare(
        `SELECT content FROM touched JOIN transactions USING (record)
         WHERE address = ? AND record < ? AND record > ? ORDER BY record DESC LIMIT ?`,
      )
      .all(base58.decode(address), before, until, limit);
    return (rows as { content: string }[]).map((row) => JSON.parse(row.content));
  }

  /** Atomic and on the disk when it returns. */
  write(checkpoint: Checkpoint): void {
    this.database.transaction(() => this.writeAll(checkpoint))();
  }

  close(): void {
    this.database.close();
  }

  private writeAll({ lastRecord, meta, accounts, programs, transactions }: Checkpoint): void {
    const database = this.database;
    const setMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    for (const [name, value] of Object.entries(meta)) setMeta.run(name, value);
    setMeta.run('lastRecord', String(lastRecord));
    const setAccount = database.prepare('INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)');
    const removeAccount = database.prepare('DELETE FROM accounts WHERE address = ?');
    for (const [address, account] of accounts) {
      const key = base58.decode(address);
      if (account === null) {
        removeAccount.run(key);
        continue;
      }
      const content = encodeAccount(account);
      setAccount.run(key, content, crc32c(content));
    }
    const setProgram = database.prepare(
      'INSERT OR REPLACE INTO programs VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM programs), ?, ?)',
    );
    for (const [address, elf] of programs) {
      setProgram.run(base58.decode(address), elf, crc32c(elf));
    }
    const addTransaction = database.prepare('INSERT INTO transactions VALUES (?, ?, ?, ?)');
    const addTouched = database.prepare('INSERT OR IGNORE INTO touched VALUES (?, ?)');
    for (const entry of transactions) {
      const signature = base58.decode(entry.signature);
      addTransaction.run(entry.record, signature, entry.slot, JSON.stringify(entry));
      for (const key of entry.keys) addTouched.run(base58.decode(key), entry.record);
    }
  }

  private prepareSchema(): void {
    const version = this.database.pragma('user_version', { simple: true });
    if (version === SCHEMA_VERSION) return;
    if (version !== 0) {
      throw new Error(`${this.file} has format ${version}; this program reads ${SCHEMA_VERSION}`);
    }
    this.database.exec(SCHEMA);
    this.database.pragma(`user_version = ${SCHEMA_VERSION}`);
  }

  private checkCrc(content: Uint8Array, crc: number, what: string): void {
    if (crc32c(content) === crc) return;
    throw new ChainDamageError(this.file, 0, `the content of ${what} does not match its CRC`);
  }
}

function encodeAccount(account: ChainAccount): Buffer {
  const to = new ByteWriter();
  to.u64(account.lamports);
  to.raw(base58.decode(account.owner));
  to.u8(account.executable ? 1 : 0);
  to.sized(account.data);
  return to.finish();
}

function decodeAccount(content: Uint8Array): ChainAccount {
  const from = new ByteReader(content);
  const lamports = from.u64();
  const owner = base58.encode(from.raw(32));
  return { lamports, owner, executable: from.u8() === 1, data: from.sized() };
}

function explain(error: unknown, file: string): Error {
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('SQLITE_BUSY')) {
    return new ChainLockedError(`${file} is open in another process; stop it first`);
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new ChainDamageError(file, 0, (error as Error).message);
  }
  return error as Error;
}
