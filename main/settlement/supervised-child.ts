import { type ChildProcess, fork } from 'node:child_process';

export interface SupervisedOptions<Ready> {
  /** For sentences to the operator: "settlement", "the embedded chain". */
  name: string;
  /** The compiled module that runs in the process. */
  module: URL;
  /** Asked for again at each start: ports that were free then are kept. */
  args?: (lastReady: Ready | null) => string[];
  /** Sent to it as its first message: what no list of processes should show. */
  start?: (lastReady: Ready | null) => object;
  /** The child says once that it serves. */
  onReady: (ready: Ready) => void;
  /** What it says of itself afterwards, as `{ figures }`. */
  onFigures?: (figures: unknown) => void;
  onEnded: (sentence: string) => void;
}

const RETRY_MS_FIRST = 250;
const RETRY_MS_MAX = 15_000;
/** After so long without trouble an end counts as the first one again. */
const STEADY_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/**
 * A process of the exchange's own, which ends when its channel to the exchange closes. It may also end at any other moment (killed, out
 * of memory, a bug), and is started again after a while: its work must be such that nothing is lost by that.
 */
export class SupervisedChild<Ready> {
  private readonly options: SupervisedOptions<Ready>;
  private child: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();
  private lastReady: Ready | null = null;
  private retry: NodeJS.Timeout | null = null;
  private retryMs = RETRY_MS_FIRST;
  private stopping = false;
  restarts = 0;
  private lastEnd: { sentence: string; atMs: number } | null = null;

  constructor(options: SupervisedOptions<Ready>) {
    this.options = options;
  }

  /** Null while it is being started again. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  get ready(): Ready | null {
    return this.lastReady;
  }

  /** Why it has ended, until it has run for a while without doing so again; null: it does what it should. */
  get trouble(): string | null {
    if (this.lastEnd === null) return null;
    const { sentence, atMs } = this.lastEnd;
    return performance.now() - atMs < STEADY_MS ? sentence : null;
  }

  start(): void {
    const { module, args, start } = this.options;
    const begunMs = performance.now();
    // In a process group of its own, so that Ctrl-C in a terminal does not end it before what needs it.
    const child = fork(module, args?.(this.lastReady) ?? [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    this.child = child;
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
      complaint = (complaint + chunk.toString()).slice(-2_000);
    });
    child.on('message', (message: Ready | { figures: unknown }) => {
      if (typeof message === 'object' && message !== null && 'figures' in message) {
        this.options.onFigures?.(message.figures);
        return;
      }
      this.lastReady = message;
      this.options.onReady(message);
    });
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.child = null;
        if (performance.now() - begunMs > STEADY_MS) this.retryMs = RETRY_MS_FIRST;
        if (!this.stopping) this.startLater(how, complaint);
        resolve();
      };
      child.once('exit', (code, signal) => {
        end(signal === null ? `with code ${code}` : `by ${signal}`);
      });
      // One that could not be started has no other end; one that ends before it has read its start is told by its end.
      child.on('error', (error) => {
        if (child.pid === undefined) end(`before it began (${error.message})`);
      });
    });
    // Without a process there may be no channel either.
    if (start !== undefined) child.send?.(start(this.lastReady), () => {});
  }

  /** Lets it come to a good end, and ends it after a while. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.retry !== null) clearTimeout(this.retry);
    const { child } = this;
    if (child === null) return;
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.ended;
    clearTimeout(timer);
  }

  private startLater(how: string, complaint = ''): void {
    this.restarts++;
    const why = complaint.trim() === '' ? '' : `: ${complaint.trim().split('\n').at(-1)}`;
    const sentence = `${this.options.name} ended ${how} and is started again in ${this.retryMs} ms`;
    this.lastEnd = { sentence: `${sentence}${why}`, atMs: performance.now() };
    this.options.onEnded(this.lastEnd.sentence);
    this.retry = setTimeout(() => this.startAgain(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }

  /** Without memory for a process there is not even one that could fail. */
  private startAgain(): void {
    try {
      this.start();
    } catch (error) {
      this.startLater(`before it began (${(error as Error).message})`);
    }
  }
}
