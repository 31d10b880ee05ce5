import { Worker } from 'node:worker_threads';

export interface KeptThreadOptions<Message> {
  /** The compiled module that runs in the thread. */
  readonly module: URL;
  /** What it is started with, asked for at each start. */
  readonly task: () => object;
  readonly onMessage: (message: Message) => void;
  readonly onError: (error: Error) => void;
  /** How long a stop waits for it to come to its end. */
  readonly finishWithinMs?: number | undefined;
}

/** To the thread: the journals are closed; come to their end, and end. */
export type FinishRequest = 'finish';

const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 60_000;
const FINISH_WITHIN_MS = 3_000;

/**
 * A thread beside trading that reads the journals. When it ends (a full disk, a bus that is away), it is started again after a while; the
 * journals keep everything for it.
 */
export class KeptThread<Message> {
  private readonly options: KeptThreadOptions<Message>;
  private worker: Worker | null = null;
  private ended: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private retryMs = RETRY_MS_FIRST;
  private isOver = false;

  constructor(options: KeptThreadOptions<Message>) {
    this.options = options;
  }

  /** It has ended, and is started again after a while. */
  get isRetrying(): boolean {
    return this.retry !== null && !this.isOver;
  }

  /** The shards have to be open: their journals are recovered then, and do not get shorter any more. */
  start(): void {
    this.retry = null;
    const { module, task, onMessage, onError } = this.options;
    const worker = new Worker(module, { workerData: task() });
    this.worker = worker;
    worker.on('message', onMessage);
    worker.on('error', onError);
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.worker = null;
        if (!this.isOver) this.startLater();
        resolve();
      });
    });
  }

  /** It does its work: the next end counts as the first one again. */
  noteWorks(): void {
    this.retryMs = RETRY_MS_FIRST;
  }

  /** When it ends it is not started again. */
  giveUp(): void {
    this.isOver = true;
  }

  /** The journals are closed. Lets it come to their ends, if that does not take too long; the rest is done after the next start. */
  async stop(): Promise<void> {
    this.isOver = true;
    if (this.retry !== null) clearTimeout(this.retry);
    const request: FinishRequest = 'finish';
    this.worker?.postMessage(request);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, this.options.finishWithinMs ?? FINISH_WITHIN_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    // What is cut off is as if it had never begun.
    await this.worker?.terminate();
  }

  private startLater(): void {
    this.retry = setTimeout(() => this.start(), this.retryMs);
    this.retry.unref();
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }
}
