import { workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { historyFile, openForReading } from './database.js';
import { readPage } from './history-reader.js';
import { isRowsQuestion, type RowsQuestion, readRows } from './market-rows.js';
import type { Question } from './question.js';
import { type FoundStatus, readStatus, type StatusQuestion } from './status-reader.js';

/** A thread that answers questions: it reads, formats and encodes, so that the gateway has only bytes to hand on. */
const { dataDir } = workerData as { dataDir: string };
const databases = new Map<number, Database>();

/** A page as JSON, what is known of an order, or rows. Throws while the shard has no history yet. */
export default function answer(
  question: Question | StatusQuestion | RowsQuestion,
): string | FoundStatus | object[] {
  const { shardId } = question;
  let database = databases.get(shardId);
  if (database === undefined) {
    database = openForReading(historyFile(dataDir, shardId));
    databases.set(shardId, database);
  }
  if (question.table === 'status') return readStatus(database, question);
  if (isRowsQuestion(question)) return readRows(database, question);
  return JSON.stringify(readPage(database, question));
}
