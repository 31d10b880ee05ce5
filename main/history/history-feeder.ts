import type { CandleRow } from '../../gateway/history/rows.js';
import { KeptThread } from '../kept-thread.js';
import { HistoryProgress } from './history-progress.js';
import type { HistoryMessage, HistoryStart } from './history-thread.js';

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

/**
 * The thread that feeds the histories, as the exchange sees it. It is no part of trading: when it ends (a full disk, a damaged file), that
 * is logged, and it is started again after a while; the journal keeps everything for it.
 */
export class HistoryFeeder {
  readonly progress: HistoryProgress;
  private readonly options: HistoryFeederOptions;
  private readonly thread: KeptThread<HistoryMessage>;

  constructor(options: HistoryFeederOptions) {
    this.options = options;
    this.progress = HistoryProgress.forShards(options.stats.length);
    this.thread = new KeptThread({
      module: new URL('./history-thread.js', import.meta.url),
      task: () => this.task(),
      onMessage: (message) => this.take(message),
      onError: options.onError,
      finishWithinMs: options.finishWithinMs,
    });
  }

  /** The shards have to be open: their journals are recovered then, and do not get shorter any more. */
  start(): void {
    this.thread.start();
  }

  /** The journals are closed. Lets the histories come to their end, if that does not take too long. */
  stop(): Promise<void> {
    return this.thread.stop();
  }

  private task(): HistoryStart {
    const { dataDir, isSpread, stats, neverSyncs, hasSpareCore, candlesKept } = this.options;
    const progress = this.progress.memory;
    const from = { dataDir, isSpread, stats, neverSyncs };
    return { purpose: 'history', ...from, hasSpareCore, candlesKept, progress };
  }

  private take(message: HistoryMessage): void {
    if (message.kind === 'notice') this.options.onNotice(message.sentence);
    else {
      this.thread.noteWorks();
      this.options.onCandles(message.candles);
    }
  }
}
