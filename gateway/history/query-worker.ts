import { workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { historyFile, openForReading } from './database.js';
import { readPage } from './history-reader.js';
import type { Question } from './question.js';

/** A thread that answers questions: it reads, formats and encodes, so that the gateway has only bytes to hand on. */
const { dataDir } = workerData as { dataDir: string };
const databases = new Map<number, Database>();

/** The page as JSON. Throws while the shard has no history yet. */
export default function answer(question: Question): string {
  const { shardId } = question;
  let database = databases.get(shardId);
  if (database === undefined) {
    database = openForReading(historyFile(dataDir, shardId));
    databases.set(shardId, database);
  }
  return JSON.stringify(readPage(database, question));
}
