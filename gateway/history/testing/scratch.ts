import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { historyFile, openForReading } from '../database.js';
import { TABLES } from '../migrations.js';

const made: string[] = [];

export function makeScratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-history-'));
  made.push(folder);
  return folder;
}

export function removeScratch(): void {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

/** Everything in a history, in an order that does not depend on when what was written. */
export function dump(dataDir: string, shardId = 0): Record<string, unknown[]> {
  const database = openForReading(historyFile(dataDir, shardId));
  const tables: Record<string, unknown[]> = {};
  for (const table of [...TABLES, 'position']) {
    const rows = database.prepare(`SELECT * FROM ${table}`).safeIntegers().raw().all();
    tables[table] = rows.map((row) => (row as unknown[]).map(String).join()).sort();
  }
  database.close();
  return tables;
}
