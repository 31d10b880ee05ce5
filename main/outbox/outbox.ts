import { HostStats } from '../../engine/runtime/host-stats.js';
import type { BusLocation } from '../../settlement/bus/provide-bus.js';
import { KeptThread } from '../kept-thread.js';
import { OutboxProgress } from './outbox-progress.js';
import type { OutboxMessage, OutboxStart } from './outbox-thread.js';

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

/**
 * The thread that publishes the journals, as the exchange sees it. It is no part of trading: when the bus is away it waits, when it ends it is
 * started again after a while, and the journals keep everything for it.
 */
export class Outbox {
  private readonly options: OutboxOptions;
  private readonly progress: OutboxProgress;
  private readonly stats: HostStats[];
  private readonly thread: KeptThread<OutboxMessage>;
  private isStopped = false;
  private lastError: string | null = null;
  private sample = { atMs: performance.now(), items: 0 };

  constructor(options: OutboxOptions) {
    this.options = options;
    this.progress = OutboxProgress.forShards(options.stats.length);
    this.stats = options.stats.map((memory) => new HostStats(memory));
    this.thread = new KeptThread({
      module: new URL('./outbox-thread.js', import.meta.url),
      task: () => this.task(),
      onMessage: (message) => this.take(message),
      onError: (error) => this.fail(error.message),
      finishWithinMs: options.finishWithinMs,
    });
  }

  /** The shards have to be open: their journals are recovered then, and do not get shorter any more. */
  start(): void {
    this.thread.start();
  }

  status(): OutboxStatus {
    const shards = this.stats.map((stats, shardId) => {
      const { readSequence: _, publishedTimeMs, ...own } = this.progress.of(shardId);
      const lagMessages = Math.max(0, stats.get('sequence') - own.publishedSequence);
      const lagMs = lagMessages === 0 ? 0 : Math.max(0, stats.get('timeMs') - publishedTimeMs);
      return { shardId, ...own, lagMessages, lagMs };
    });
    const items = shards.reduce((sum, own) => sum + own.items, 0);
    const running = this.thread.isRetrying ? 'retrying' : 'running';
    const state = this.isStopped ? 'stopped' : running;
    return { state, shards, itemsPerSecond: this.rateOf(items), lastError: this.lastError };
  }

  /** The journals are closed. Lets the bus have their ends, if that does not take too long; the rest is published after the next start. */
  stop(): Promise<void> {
    return this.thread.stop();
  }

  private task(): OutboxStart {
    const { dataDir, isSpread, stats, neverSyncs, hasSpareCore, bus } = this.options;
    const progress = this.progress.memory;
    const from = { dataDir, isSpread, stats, neverSyncs };
    return { purpose: 'outbox', ...from, hasSpareCore, bus, progress };
  }

  private take({ kind, sentence }: OutboxMessage): void {
    if (kind === 'running') {
      this.thread.noteWorks();
    } else if (kind === 'notice') {
      this.options.onNotice(sentence);
    } else if (kind === 'trouble') {
      this.fail(sentence);
    } else {
      this.isStopped = true;
      this.thread.giveUp();
      this.lastError = sentence;
      this.options.onStopped(sentence);
    }
  }

  private fail(sentence: string): void {
    this.lastError = sentence;
    this.options.onTrouble(sentence);
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
