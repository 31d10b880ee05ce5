import type { GatewayLog } from '../gateway.js';
import type { RowsOf, RowsQuestion } from '../history/market-rows.js';
import type { HistoryQueries } from '../history/query-pool.js';
import { ERRORS } from './errors.js';

/** The history of markets, for what this process's memory does not reach back to. */
export class PastRows {
  private readonly history: HistoryQueries;
  private readonly log: GatewayLog | undefined;

  constructor(history: HistoryQueries, log: GatewayLog | undefined) {
    this.history = history;
    this.log = log;
  }

  /** Null: there is none, or it cannot be read, and the memory has to do. Rejects with BinanceError when too many are waiting. */
  async ask<Asked extends RowsQuestion>(question: Asked): Promise<RowsOf<Asked> | null> {
    const rows = await this.history.rows(question).catch((error: Error) => {
      this.log?.warn({ err: error }, `the history of a market could not be read: ${error.message}`);
      return undefined;
    });
    if (rows === null) throw ERRORS.overloaded();
    return rows ?? null;
  }
}
