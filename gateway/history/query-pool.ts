import { Piscina } from 'piscina';
import type { RowsOf, RowsQuestion } from './market-rows.js';
import type { Question } from './question.js';
import type { FoundStatus, StatusQuestion } from './status-reader.js';

/** What a gateway asks for history. */
export interface HistoryQueries {
  /** A page as JSON; null: too many are waiting. Rejects when the history cannot be read. */
  ask(question: Question): Promise<string | null>;
  /** What is known of one order; null: too many are waiting. */
  status(question: StatusQuestion): Promise<FoundStatus | null>;
  /** Null: too many are waiting. */
  rows<Asked extends RowsQuestion>(question: Asked): Promise<RowsOf<Asked> | null>;
  close(): Promise<void>;
}

const THREADS_MAX = 2;
/** Beyond that a client waits longer than it is worth, and is told so. */
const WAITING_MAX = 64;

/** Threads that read the histories below a data folder. Trading never waits for a query. */
export class QueryPool implements HistoryQueries {
  private readonly piscina: Piscina;

  constructor(dataDir: string) {
    this.piscina = new Piscina({
      filename: new URL('./query-worker.js', import.meta.url).href,
      workerData: { dataDir },
      minThreads: 0,
      maxThreads: THREADS_MAX,
      maxQueue: WAITING_MAX,
      idleTimeout: 30_000,
      recordTiming: false,
    });
  }

  ask(question: Question): Promise<string | null> {
    return this.run(question);
  }

  status(question: StatusQuestion): Promise<FoundStatus | null> {
    return this.run(question);
  }

  rows<Asked extends RowsQuestion>(question: Asked): Promise<RowsOf<Asked> | null> {
    return this.run(question);
  }

  close(): Promise<void> {
    return this.piscina.close();
  }

  private async run<Answer>(
    question: Question | StatusQuestion | RowsQuestion,
  ): Promise<Answer | null> {
    if (this.piscina.queueSize >= WAITING_MAX) return null;
    return this.piscina.run(question);
  }
}
