import { Worker } from 'node:worker_threads';
import { HostStats } from '../../engine/runtime/host-stats.js';
import type { BusLocation } from '../../settlement/bus/provide-bus.js';
import { OutboxProgress } from './outbox-progress.js';
import type { OutboxMessage, OutboxRequest, OutboxStart } from './outbox-thread.js';

export interface OutboxOptions {
  /** Of the exchange: journals and snapshots are read there, and positions kept in `outbox/`. */
  dataDir: string;
  /** Layout spread: shards know of each other. */
  isSpread: boolean;
  /** Memory of each shard's figures (HostStats), by number. */
  stats: readonly SharedArrayBuffer[];
  /** The journals' sync policy is `never`: what is written is published, because nothing is ever durable. */
  neverSyncs: boolean;
  /** A core is left when gateway and shards have one each. */
  hasSpareCore: boolean;
  bus: BusLocation;
  onNotice: (sentence: string) => void;
  /** Publishing has failed, and is tried again. */
  onTrouble: (sentence: string) => void;
  /** Bus and journal contradict each other: nothing is published any more until somebody has looked. */
  onStopped: (sentence: string) => void;
  /** How long a stop waits for the journals' ends to be on the bus; the rest is published after the next start. */
  finishWithinMs?: number;
}

export interface ShardOutboxStatus {
  shardId: number;
  /** Everything up to this sequence of the journal is on the bus. */
  publishedSequence: number;
  /** Messages that the shard has applied, but the bus does not have. */
  lagMessages: number;
  /** Between the newest frame of the shard and the newest one that is on the bus, in time of the exchange. */
  lagMs: number;
  /** Read from the journal and not stored yet. */
  itemsInMemory: number;
  /** Since the thread was started. */
  items: number;
  packs: number;
  bytes: number;
  retries: number;
}

export interface OutboxStatus {
  /** `retrying`: the thread has failed and is started again; `stopped`: it is not, see `lastError`. */
  state: 'running' | 'retrying' | 'stopped';
  shards: ShardOutboxStatus[];
  /** Of all shards, since the status was asked for before. */
  itemsPerSecond: number;
  /** The last thing that went wrong, also when it is over; null: nothing has. */
  lastError: string | null;
}

const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 60_000;
const FINISH_WITHIN_MS = 3_000;

/**
 * The thread that publishes the journals, as the exchange sees it. It is no part of trading: when the bus is away it waits, when it ends it is
 * started again after a while, and the journals keep everything for it.
 */
export class Outbox {
  private readonly options: OutboxOptions;
  private readonly progress: OutboxProgress;
  private readonly stats: HostStats[];
  private worker: Worker | null = null;
  private ended: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private retryMs = RETRY_MS_FIRST;
  private state: OutboxStatus['state'] = 'running';
  private lastError: string | null = null;
  private stopping = false;
  private sample = { atMs: performance.now(), items: 0 };

  constructor(options: OutboxOptions) {
    this.options = options;
    this.progress = OutboxProgress.forShards(options.stats.length);
    this.stats = options.stats.map((memory) => new HostStats(memory));
  }

  /** The shards have to be open: their journals are recovered then, and do not get shorter any more. */
  start(): void {
    const { dataDir, isSpread, stats, neverSyncs, hasSpareCore, bus } = this.options;
    const task: OutboxStart = {
      purpose: 'outbox',
      dataDir,
      isSpread,
      stats,
      neverSyncs,
      hasSpareCore,
      bus,
      progress: this.progress.memory,
    };
    const url = new URL('./outbox-thread.js', import.meta.url);
    const worker = new Worker(url, { workerData: task });
    this.worker = worker;
    this.state = 'running';
    worker.on('message', (message: OutboxMessage) => this.take(message));
    worker.on('error', (error: Error) => this.fail(error.message));
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.worker = null;
        if (!this.stopping && this.state !== 'stopped') this.startLater();
        resolve();
      });
    });
  }

  status(): OutboxStatus {
    const shards = this.stats.map((stats, shardId) => {
      const { readSequence: _, publishedTimeMs, ...own } = this.progress.of(shardId);
      const lagMessages = Math.max(0, stats.get('sequence') - own.publishedSequence);
      const lagMs = lagMessages === 0 ? 0 : Math.max(0, stats.get('timeMs') - publishedTimeMs);
      return { shardId, ...own, lagMessages, lagMs };
    });
    const items = shards.reduce((sum, own) => sum + own.items, 0);
    const { state, lastError } = this;
    return { state, shards, itemsPerSecond: this.rateOf(items), lastError };
  }

  /** The journals are closed. Lets the bus have their ends, if that does not take too long. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.retry !== null) clearTimeout(this.retry);
    const request: OutboxRequest = 'finish';
    this.worker?.postMessage(request);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, this.options.finishWithinMs ?? FINISH_WITHIN_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    // What is cut off is published after the next start.
    await this.worker?.terminate();
  }

  private take({ kind, sentence }: OutboxMessage): void {
    if (kind === 'running') {
      this.retryMs = RETRY_MS_FIRST;
    } else if (kind === 'notice') {
      this.options.onNotice(sentence);
    } else if (kind === 'trouble') {
      this.fail(sentence);
    } else {
      this.state = 'stopped';
      this.lastError = sentence;
      this.options.onStopped(sentence);
    }
  }

  private fail(sentence: string): void {
    this.lastError = sentence;
    this.options.onTrouble(sentence);
  }

  private startLater(): void {
    this.state = 'retrying';
    this.retry = setTimeout(() => this.start(), this.retryMs);
    this.retry.unref();
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }

  private rateOf(items: number): number {
    const { sample } = this;
    const nowMs = performance.now();
    this.sample = { atMs: nowMs, items };
    const isNewThread = items < sample.items;
    const seconds = (nowMs - sample.atMs) / 1_000;
    return isNewThread || seconds <= 0 ? 0 : (items - sample.items) / seconds;
  }
}
