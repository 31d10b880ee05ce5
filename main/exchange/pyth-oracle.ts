import { Worker } from 'node:worker_threads';
import type { OracleEvent, OracleIndex, OracleMarket, OracleStatus } from '../../oracle/oracle.js';
import type { OracleMessage, OracleRequest, OracleTask } from './pyth-task.js';

export interface PythOracleOptions {
  task: OracleTask;
  onIndex: (index: OracleIndex) => void;
  onEvent: (event: OracleEvent) => void;
  onError: (error: Error) => void;
}

const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 30_000;
const FINISH_WITHIN_MS = 2_000;

/** The oracle's thread as the exchange sees it. When it ends, that is told, and it is started again from the last index prices. */
export class PythOracle {
  private readonly options: PythOracleOptions;
  private readonly lastPublishMs = new Map<number, number>();
  private worker: Worker | null = null;
  private ended: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private retryMs = RETRY_MS_FIRST;
  private stopping = false;
  private lastStatus: OracleStatus = { sources: [], markets: [] };

  constructor(options: PythOracleOptions) {
    this.options = options;
  }

  start(): void {
    const { task, onError } = this.options;
    const markets = task.markets.map((market) => this.continued(market));
    const workerData: OracleTask = { ...task, markets };
    const worker = new Worker(new URL('./pyth-thread.js', import.meta.url), { workerData });
    this.worker = worker;
    worker.on('message', (message: OracleMessage) => this.take(message));
    worker.on('error', onError);
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.worker = null;
        this.lastStatus = withoutThread(this.lastStatus);
        if (!this.stopping) this.startLater();
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.retry !== null) clearTimeout(this.retry);
    const request: OracleRequest = 'finish';
    this.worker?.postMessage(request);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, FINISH_WITHIN_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    await this.worker?.terminate();
  }

  /** At most about a second old. */
  status(): OracleStatus {
    return this.lastStatus;
  }

  private take(message: OracleMessage): void {
    if (message.kind === 'event') this.options.onEvent(message.event);
    else if (message.kind === 'status') {
      this.retryMs = RETRY_MS_FIRST;
      this.lastStatus = message.status;
    } else {
      this.lastPublishMs.set(message.index.marketId, message.index.publishTimeMs);
      this.options.onIndex(message.index);
    }
  }

  private continued(market: OracleMarket): OracleMarket {
    const known = this.lastPublishMs.get(market.marketId) ?? 0;
    return { ...market, lastPublishMs: Math.max(market.lastPublishMs, known) };
  }

  private startLater(): void {
    this.retry = setTimeout(() => this.start(), this.retryMs);
    this.retry.unref();
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }
}

/** A status must not look alive when nobody makes it any more. */
function withoutThread({ sources, markets }: OracleStatus): OracleStatus {
  const problem = 'the thread of the oracle has ended';
  return {
    sources: sources.map((source) => ({ ...source, state: 'down' as const, problem })),
    markets,
  };
}
