import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { RiskKernel } from '../margin/risk-kernel.js';
import { createSweepBoard, SweepBoard } from './sweep-board.js';
import { forEachBelowIn } from './sweep-here.js';
import type { SweepStart } from './sweep-worker.js';
import type { AccountSweep } from './sweeper.js';

/** Threads that end one after another without a round between: then no more are started. */
const FAILURES_MAX = 8;
/** Longer than a thread takes to load its modules. */
const CLOSE_MS = 10_000;
/** Fewer accounts are not worth waking threads for. */
const AGAIN_MIN = 256;

export interface SweepPoolOptions extends Omit<SweepStart, 'board' | 'memory'> {
  kernel: RiskKernel;
  threads: number;
  /** Accounts that a thread takes at a time; left out: less than a millisecond's work. */
  rangeAccounts?: number;
  /** As many accounts as the threads are woken for to look at again; left out: some hundreds. */
  againMin?: number;
  /** Something was found or done, or a thread has ended. */
  onWork: () => void;
  onFailure: (error: Error) => void;
}

/**
 * Sweeps in threads of a piscina, over the shard's own memory. Each thread serves one task for as long as the pool lives: a round
 * then costs the shard a wake-up and no message. A thread that dies or throws is replaced, and what it had taken is looked at
 * again. While none serves, the calling thread does it.
 */
export class SweepPool implements AccountSweep {
  private readonly options: SweepPoolOptions;
  private readonly board: SweepBoard;
  private readonly piscina: Piscina;
  private readonly served: Promise<unknown>;
  private failures = 0;
  private closed = false;
  private sweeping = false;
  private listening = false;

  constructor(options: SweepPoolOptions) {
    const { kernel, threads, module, rangeAccounts } = options;
    this.options = options;
    const board = createSweepBoard(threads, rangeAccounts);
    this.board = new SweepBoard(board);
    const start: SweepStart = { module, memory: kernel.memory, board };
    this.piscina = new Piscina({
      filename: new URL('./sweep-worker.js', import.meta.url).href,
      workerData: start,
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
    });
    // Of threads that had nothing to do: there is nothing to look at again.
    this.piscina.on('error', options.onFailure);
    this.served = Promise.all(Array.from({ length: threads }, (_, thread) => this.serve(thread)));
  }

  get threads(): readonly Worker[] {
    return this.piscina.threads;
  }

  /** How many of them have begun to serve. */
  get serving(): number {
    return this.board.serving;
  }

  begin(last: number): void {
    const { news } = this.board;
    this.board.begin(last);
    this.begun(news);
  }

  again(accounts: readonly number[]): number {
    const { board, options } = this;
    if (accounts.length < (options.againMin ?? AGAIN_MIN) || board.serving === 0) return 0;
    const { news } = board;
    const taken = board.beginList(accounts);
    this.begun(news);
    return taken;
  }

  poll(found: number[]): boolean {
    if (this.board.serving === 0) this.sweepHere(found);
    if (!this.board.poll(found)) return false;
    this.sweeping = false;
    this.failures = 0;
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.board.stop();
    // Node does not survive that a thread is ended while it loads its modules.
    await Promise.race([this.served, sleep(CLOSE_MS, undefined, { ref: false })]);
    await this.piscina.destroy();
  }

  /** At a start no thread serves yet, and perhaps none ever will: nobody's liquidation waits for that. */
  private sweepHere(found: number[]): void {
    const { board, options } = this;
    for (let range = board.take(0); range >= 0; range = board.take(0)) {
      forEachBelowIn(options.kernel.calls, board, range, (account) => found.push(account));
      board.finish(range);
    }
  }

  /** `news` from before it began: a thread may be done before anybody listens. */
  private begun(news: number): void {
    this.sweeping = true;
    if (!this.listening) void this.listen(news);
  }

  private async listen(since: number): Promise<void> {
    this.listening = true;
    for (let news = since; this.sweeping && !this.closed; ) {
      await this.board.newsAfter(news);
      news = this.board.news;
      this.options.onWork();
    }
    this.listening = false;
  }

  private async serve(thread: number): Promise<void> {
    while (!this.closed && this.failures < FAILURES_MAX) {
      try {
        await this.piscina.run(thread);
      } catch (error) {
        if (this.closed) return;
        this.failures++;
        this.board.reopen(thread);
        this.options.onFailure(error as Error);
        this.options.onWork();
      }
    }
  }
}
