import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import {
  LedgerDamagedError,
  LedgerError,
  LedgerFullError,
  LedgerInUseError,
  LedgerIoError,
  LedgerLockedError,
  LedgerVersionError,
} from './errors.js';
import { MIGRATIONS } from './migrations.js';

const BUSY_TIMEOUT_MS = 5_000;
const CACHE_KIB = 32 * 1024;
/** 32 MiB: a page that changes often is copied into the file once for many commits. */
const WAL_PAGES = 8_192;

export interface DatabaseOptions {
  /** Of the data folder; the ledger lies below in `settlement/`. */
  readonly dataDir: string;
  /** `own`: the one settlement; the default. `read` and `beside`: next to it, to read or to write a line. They need a ledger that exists. */
  readonly mode?: 'own' | 'read' | 'beside';
  /** The file grows no further than this many pages of 4 KiB. Default: as far as the disk. */
  readonly pagesMax?: number;
  /** How long to wait for somebody else's lock. Default 5 s. */
  readonly lockPatienceMs?: number;
}

export function ledgerFile(dataDir: string): string {
  return path.join(dataDir, 'settlement', 'ledger.sqlite');
}

/**
 * The one connection to a ledger, and the only place that knows what SQLite's errors mean. The owner holds a lock of the operating
 * system on a file beside it, so it ends with the process, however that ends.
 *
 * What is committed is synced (`synchronous = FULL`): a message may be acknowledged and a transaction sent as soon as `write` returns.
 */
export class LedgerDatabase {
  readonly file: string;
  readonly sql: Database.Database;
  private readonly lock: Database.Database | null;

  constructor(options: DatabaseOptions) {
    this.file = ledgerFile(options.dataDir);
    const isOwner = (options.mode ?? 'own') === 'own';
    if (isOwner) fs.mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
    this.lock = isOwner ? takeLock(this.file) : null;
    try {
      this.sql = this.guarded(() => connect(this.file, options));
    } catch (error) {
      this.lock?.close();
      throw error;
    }
  }

  /**
   * Runs `work` in one transaction, written and synced when it returns; nothing of it is when it throws. Within another `write` it is
   * part of that one.
   *
   * @throws LedgerFullError, LedgerLockedError, LedgerIoError, LedgerDamagedError of SQLite's own troubles.
   */
  write<Result>(work: () => Result): Result {
    if (this.sql.inTransaction) return work();
    return this.guarded(() => this.sql.transaction(work).immediate());
  }

  /** Runs `work` on one state of the ledger. Errors as with `write`. */
  read<Result>(work: () => Result): Result {
    if (this.sql.inTransaction) return work();
    return this.guarded(() => this.sql.transaction(work).deferred());
  }

  close(): void {
    this.sql.close();
    this.lock?.close();
  }

  private guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw translated(error, this.file);
    }
  }
}

/** A transaction that is never ended, on a file of its own: its lock goes when the process goes. */
function takeLock(file: string): Database.Database {
  const lock = new Database(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (!isCode(error, 'SQLITE_BUSY')) throw translated(error, `${file}.lock`);
    throw new LedgerInUseError(
      `${file} belongs to a settlement that is running; only one may write into it`,
    );
  }
}

function connect(file: string, options: DatabaseOptions): Database.Database {
  const { mode = 'own' } = options;
  if (mode !== 'own' && !fs.existsSync(file)) {
    throw new LedgerError(`there is no ledger ${file}: settlement has never run in this folder`);
  }
  const database = new Database(file, {
    readonly: mode === 'read',
    timeout: options.lockPatienceMs ?? BUSY_TIMEOUT_MS,
  });
  try {
    const version = database.pragma('user_version', { simple: true }) as number;
    checkVersion(version, file, mode === 'own');
    database.pragma('synchronous = FULL');
    if (mode !== 'own') return database;
    database.pragma('journal_mode = WAL');
    database.pragma('foreign_keys = ON');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    if (options.pagesMax !== undefined) database.pragma(`max_page_count = ${options.pagesMax}`);
    migrate(database, version);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function checkVersion(version: number, file: string, mayMigrate: boolean): void {
  if (version > MIGRATIONS.length) {
    throw new LedgerVersionError(
      `the ledger ${file} has schema ${version}, and this release knows ${MIGRATIONS.length}; run the release that wrote it`,
    );
  }
  if (!mayMigrate && version < MIGRATIONS.length) {
    throw new LedgerVersionError(
      `the ledger ${file} has schema ${version}, this release reads ${MIGRATIONS.length}; start settlement once to bring it up to date`,
    );
  }
}

function migrate(database: Database.Database, version: number): void {
  for (let next = version; next < MIGRATIONS.length; next++) {
    database
      .transaction(() => {
        database.exec(MIGRATIONS[next] as string);
        database.pragma(`user_version = ${next + 1}`);
      })
      .immediate();
  }
}

function isCode(error: unknown, beginning: string): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && code.startsWith(beginning);
}

function translated(error: unknown, file: string): unknown {
  if (error instanceof LedgerError || !(error instanceof Error)) return error;
  const said = `${(error as { code?: string }).code}: ${error.message}`;
  const cause = { cause: error };
  if (isCode(error, 'SQLITE_FULL')) {
    return new LedgerFullError(
      `${file} has no room left (${said}); nothing was written. Make room, and settlement goes on by itself`,
      cause,
    );
  }
  if (isCode(error, 'SQLITE_BUSY') || isCode(error, 'SQLITE_LOCKED')) {
    return new LedgerLockedError(
      `${file} is locked by somebody else (${said}); nothing was written`,
      cause,
    );
  }
  if (isCode(error, 'SQLITE_CORRUPT') || isCode(error, 'SQLITE_NOTADB')) {
    return new LedgerDamagedError(
      `${file} is damaged (${said}); it was left as it is. Repair it, or restore what it was: an older copy, or a new ledger, is refused as soon as the chain has a batch that it does not know`,
      cause,
    );
  }
  const isIo = ['SQLITE_IOERR', 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM'];
  if (isIo.some((code) => isCode(error, code))) {
    return new LedgerIoError(
      `${file} cannot be read or written (${said}); nothing was written`,
      cause,
    );
  }
  return error;
}
