import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { MIGRATIONS } from './migrations.js';

/** The file was written by a newer release: to write into it would be a guess. */
export class HistoryVersionError extends Error {
  override readonly name = 'HistoryVersionError';
}

const BUSY_TIMEOUT_MS = 5_000;
const CACHE_KIB = 32 * 1024;
/** 32 MiB: a page that changes often is copied into the file once for many commits. */
const WAL_PAGES = 8_192;

/** A shard's history has a file of its own: one writer each, and what belongs to one journal is in one place. */
export function historyFile(dataDir: string, shardId: number): string {
  return path.join(dataDir, 'history', `shard-${shardId}.db`);
}

/**
 * Opens a history for its one writer, and brings its schema up to date. A file that is damaged is put aside under another name, since
 * the journal has everything that was in it; `onNotice` gets a sentence then.
 *
 * WAL lets readers go on while it writes. Commits are not synced one by one: after a power failure the last ones may be gone, whole,
 * and are made again from the journal.
 */
export function openForWriting(
  file: string,
  onNotice: (sentence: string) => void,
): Database.Database {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    return prepared(file);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'SQLITE_CORRUPT' && code !== 'SQLITE_NOTADB') throw error;
    const aside = putAside(file);
    onNotice(`the history ${file} is damaged (${code}); it lies in ${aside} and is made anew`);
    return prepared(file);
  }
}

/** A connection that can only read. Throws while there is no file. */
export function openForReading(file: string): Database.Database {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return database;
}

function prepared(file: string): Database.Database {
  const database = new Database(file);
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    migrate(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database.Database, file: string): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new HistoryVersionError(
      `the history ${file} has schema ${version}, and this release knows ${MIGRATIONS.length}; ` +
        'move the file away to have it made anew from the journal',
    );
  }
  for (let next = version; next < MIGRATIONS.length; next++) {
    database.transaction(() => {
      database.exec(MIGRATIONS[next] as string);
      database.pragma(`user_version = ${next + 1}`);
    })();
  }
}

/** With what belongs to it: the write-ahead log of another file would be applied to the new one. */
function putAside(file: string): string {
  let number = 1;
  while (fs.existsSync(`${file}.damaged-${number}`)) number++;
  const aside = `${file}.damaged-${number}`;
  for (const ending of ['', '-wal', '-shm']) {
    if (fs.existsSync(file + ending)) fs.renameSync(file + ending, aside + ending);
  }
  return aside;
}
