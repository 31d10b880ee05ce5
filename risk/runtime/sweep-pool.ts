import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { RiskKernel } from '../margin/risk-kernel.js';
import { createSweepBoard, SweepBoard } from './sweep-board.js';
import { accountsBelow } from './sweep-here.js';
import type { SweepStart } from './sweep-worker.js';
import type { AccountSweep } from './sweeper.js';

/** Threads that end one after another without having finished anything between: then nothing more is expected of them. */
const FAILURES_MAX = 8;

export interface SweepPoolOptions extends Omit<SweepStart, 'board' | 'memory'> {
  kernel: RiskKernel;
  threads: number;
  /** Accounts that a thread takes at a time; left out: less than a millisecond's work. */
  rangeAccounts?: number;
  /** Something was found or done, or a thread has ended. */
  onWork: () => void;
  onFailure: (error: Error) => void;
}

/**
 * Sweeps in threads of a piscina, over the shard's own memory. Each thread serves one task for as long as the pool lives: a round
 * then costs the shard a wake-up and no message. A thread that dies or throws is replaced, and what it had taken is looked at again.
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
  private last = 0;

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
    this.last = last;
    if (this.hasFailed) return;
    this.board.begin(last);
    this.sweeping = true;
    if (!this.listening) void this.listen();
  }

  poll(found: number[]): boolean {
    if (this.hasFailed) {
      for (const account of accountsBelow(this.options.kernel, 1, this.last + 1)) {
        found.push(account);
      }
      return true;
    }
    if (!this.board.poll(found)) return false;
    this.sweeping = false;
    this.failures = 0;
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.board.stop();
    // Node does not survive that a thread is ended while it loads its modules.
    await this.served;
    await this.piscina.destroy();
  }

  /** Threads die one after the other: from now on everything is done here. */
  private get hasFailed(): boolean {
    return this.failures >= FAILURES_MAX;
  }

  private async listen(): Promise<void> {
    this.listening = true;
    for (let news = this.board.news; this.sweeping && !this.closed; ) {
      await this.board.newsAfter(news);
      news = this.board.news;
      this.options.onWork();
    }
    this.listening = false;
  }

  private async serve(thread: number): Promise<void> {
    while (!this.closed && !this.hasFailed) {
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
