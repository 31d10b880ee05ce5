import { sleep } from '../chain/sleep.js';

export interface LoopOptions {
  /** For sentences: "batches", "deposits". */
  name: string;
  /** One round. True: there is more to do at once. */
  round: () => Promise<boolean>;
  restMs: number;
  /** The first trouble in a row, and every one of another kind. */
  onTrouble: (name: string, error: Error) => void;
  onRecovered: (name: string) => void;
}

const RETRY_MS_FIRST = 200;
const RETRY_MS_MAX = 10_000;

/** Does one kind of work again and again; trouble makes it wait longer, and never ends it. */
export class Loop {
  private readonly options: LoopOptions;
  private readonly stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();
  private trouble: string | null = null;

  constructor(options: LoopOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  /** Null: all is well. */
  get lastTrouble(): string | null {
    return this.trouble;
  }

  start(): void {
    this.done = this.run();
  }

  /** Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    let retryMs = RETRY_MS_FIRST;
    while (!this.stopping.signal.aborted) {
      try {
        const hasMore = await this.options.round();
        this.recovered();
        retryMs = RETRY_MS_FIRST;
        if (!hasMore) await sleep(this.options.restMs, this.stopping.signal);
      } catch (error) {
        this.failed(error as Error);
        await sleep(retryMs, this.stopping.signal);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
  }

  private failed(error: Error): void {
    const sentence = `${error.name}: ${error.message}`;
    if (sentence === this.trouble) return;
    this.trouble = sentence;
    this.options.onTrouble(this.name, error);
  }

  private recovered(): void {
    if (this.trouble === null) return;
    this.trouble = null;
    this.options.onRecovered(this.name);
  }
}
