import type { SegmentFile } from './segment-file.js';

/**
 * When output may leave, and when the disk is asked to keep what was written:
 * `never`: after the write, no sync but on close and between segments.
 * `batch`: after the write, with a sync at most every 5 ms and never two at a time.
 * `always`: after the sync that covers it; the next sync starts when one ends, so that a slow disk
 * makes larger groups instead of a longer queue.
 */
export type SyncPolicy = 'never' | 'batch' | 'always';

export interface SyncSchedulerOptions {
  policy: SyncPolicy;
  intervalMs: number;
  durableSequence: number;
  onDurable: (sequence: number) => void;
  onFailure: (error: Error) => void;
}

interface Waiter {
  sequence: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Decides when to sync, and knows up to which sequence the disk has promised to keep. */
export class SyncScheduler {
  durableSequence: number;
  syncs = 0;
  lastSyncMs = 0;

  private readonly options: SyncSchedulerOptions;
  private file: SegmentFile | null = null;
  private writtenSequence: number;
  /** Full segments of policy `never` that still have to be synced and closed, oldest first. */
  private retired: SegmentFile[] = [];
  private underWay = false;
  private startedMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;
  private waiters: Waiter[] = [];
  private failure: Error | null = null;

  constructor(options: SyncSchedulerOptions) {
    this.options = options;
    this.durableSequence = options.durableSequence;
    this.writtenSequence = options.durableSequence;
  }

  /** The journal has written frames up to `sequence`. */
  wrote(file: SegmentFile, sequence: number): void {
    this.file = file;
    this.writtenSequence = sequence;
    this.plan();
  }

  /** Resolves when everything written so far is on the disk, whatever the policy. */
  sync(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.durableSequence >= this.writtenSequence) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ sequence: this.writtenSequence, resolve, reject });
      if (!this.underWay) this.start();
    });
  }

  /** The same, waiting on the spot: for hosts that never return to the event loop. */
  syncNow(): void {
    if (this.failure !== null) throw this.failure;
    if (this.durableSequence >= this.writtenSequence) return;
    const startedMs = performance.now();
    try {
      for (const file of this.retired) file.syncNow();
      this.file?.syncNow();
    } catch (error) {
      this.fail(error as Error);
      throw error;
    }
    for (const file of this.retired) file.close();
    this.retired = [];
    this.completed(this.writtenSequence, startedMs);
  }

  /**
   * The segment is full. Its last bytes must not reach the disk after bytes of the next segment, or a
   * power failure would look like damage; `never` promises nothing about power, so it need not wait.
   */
  retire(file: SegmentFile): void {
    this.file = null;
    if (this.options.policy === 'never') {
      this.retired.push(file);
      if (!this.underWay) this.start();
      return;
    }
    this.file = file;
    this.syncNow();
    this.file = null;
    file.close();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.file?.close();
    this.file = null;
  }

  private plan(): void {
    if (this.options.policy === 'never' || this.underWay || this.timer !== null) return;
    const { policy, intervalMs } = this.options;
    const waitMs = policy === 'always' ? 0 : this.startedMs + intervalMs - performance.now();
    if (waitMs <= 0) {
      this.start();
      return;
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      if (!this.underWay && this.durableSequence < this.writtenSequence) this.start();
    }, waitMs);
  }

  private start(): void {
    const files = this.retired;
    this.retired = [];
    this.underWay = true;
    this.startedMs = performance.now();
    this.syncNext(files, 0, this.file, this.writtenSequence);
  }

  /** Retired segments first: a sequence is durable only when all before it are. */
  private syncNext(
    files: SegmentFile[],
    index: number,
    current: SegmentFile | null,
    sequence: number,
  ): void {
    const file = files[index] ?? current;
    if (file === null) {
      this.ended(sequence);
      return;
    }
    file.sync((error) => {
      if (error !== null) {
        this.fail(error);
      } else if (index >= files.length) {
        this.ended(sequence);
      } else {
        file.close();
        this.syncNext(files, index + 1, current, sequence);
      }
    });
  }

  private ended(sequence: number): void {
    this.underWay = false;
    this.completed(sequence, this.startedMs);
    if (this.failure !== null) return;
    const asked = this.waiters.length > 0 || this.retired.length > 0;
    if (asked) this.start();
    else if (this.durableSequence < this.writtenSequence) this.plan();
  }

  private completed(sequence: number, startedMs: number): void {
    this.syncs++;
    this.lastSyncMs = performance.now() - startedMs;
    if (sequence <= this.durableSequence) return;
    this.durableSequence = sequence;
    const reached = this.waiters.filter((waiter) => waiter.sequence <= sequence);
    this.waiters = this.waiters.filter((waiter) => waiter.sequence > sequence);
    for (const waiter of reached) waiter.resolve();
    this.options.onDurable(sequence);
  }

  /**
   * After a failed sync the kernel may have dropped the pages and report success the next time, so
   * trying again would acknowledge what is lost. The journal stops for good.
   */
  private fail(error: Error): void {
    this.underWay = false;
    this.failure = error;
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(error);
    this.options.onFailure(error);
  }
}
