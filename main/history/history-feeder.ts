import { Worker } from 'node:worker_threads';
import type { CandleRow } from '../../gateway/history/rows.js';
import { HistoryProgress } from './history-progress.js';
import type { HistoryMessage, HistoryRequest, HistoryStart } from './history-thread.js';

export interface HistoryFeederOptions {
  dataDir: string;
  isSpread: boolean;
  /** Memory of each shard's figures, by number. */
  stats: readonly SharedArrayBuffer[];
  neverSyncs: boolean;
  /** A core is left when gateway and shards have one each. */
  hasSpareCore: boolean;
  candlesKept: number;
  onCandles: (candles: CandleRow[]) => void;
  onNotice: (sentence: string) => void;
  onError: (error: Error) => void;
  /** How long a stop waits for the histories to come to their end; the rest is read at the next start. */
  finishWithinMs?: number;
}

const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 60_000;
const FINISH_WITHIN_MS = 3_000;

/**
 * The thread that feeds the histories, as the exchange sees it. It is no part of trading: when it ends (a full disk, a damaged file), that
 * is logged, and it is started again after a while; the journal keeps everything for it.
 */
export class HistoryFeeder {
  readonly progress: HistoryProgress;
  private readonly options: HistoryFeederOptions;
  private worker: Worker | null = null;
  private ended: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private retryMs = RETRY_MS_FIRST;
  private stopping = false;

  constructor(options: HistoryFeederOptions) {
    this.options = options;
    this.progress = HistoryProgress.forShards(options.stats.length);
  }

  /** The shards have to be open: their journals are recovered then, and do not get shorter any more. */
  start(): void {
    const { dataDir, isSpread, stats, neverSyncs, hasSpareCore, candlesKept } = this.options;
    const task: HistoryStart = {
      purpose: 'history',
      dataDir,
      isSpread,
      stats,
      neverSyncs,
      hasSpareCore,
      candlesKept,
      progress: this.progress.memory,
    };
    const worker = new Worker(new URL('./history-thread.js', import.meta.url), {
      workerData: task,
    });
    this.worker = worker;
    worker.on('message', (message: HistoryMessage) => this.take(message));
    worker.on('error', (error: Error) => this.options.onError(error));
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.worker = null;
        if (!this.stopping) this.startLater();
        resolve();
      });
    });
  }

  /** The journals are closed. Lets the histories come to their end, if that does not take too long. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.retry !== null) clearTimeout(this.retry);
    const request: HistoryRequest = 'finish';
    this.worker?.postMessage(request);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, this.options.finishWithinMs ?? FINISH_WITHIN_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    // A transaction that is cut off is as if it had never begun.
    await this.worker?.terminate();
  }

  private take(message: HistoryMessage): void {
    if (message.kind === 'notice') this.options.onNotice(message.sentence);
    else {
      this.retryMs = RETRY_MS_FIRST;
      this.options.onCandles(message.candles);
    }
  }

  private startLater(): void {
    this.retry = setTimeout(() => this.start(), this.retryMs);
    this.retry.unref();
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }
}
