import { type ChildProcess, fork } from 'node:child_process';

export interface SupervisedOptions<Start, Ready> {
  /** For sentences to the operator: "settlement", "the embedded chain". */
  name: string;
  /** The compiled module that runs in the process. */
  module: URL;
  /** What it is to be started with, asked for again at each start: ports that were free then are kept. */
  start: (lastReady: Ready | null) => Start;
  onReady: (ready: Ready) => void;
  onEnded: (sentence: string) => void;
}

/** To the child: everything it needs; it sends `{ ready }` when it serves, and ends when the channel closes. */
export interface StartMessage<Start> {
  start: Start;
}
export interface ReadyMessage<Ready> {
  ready: Ready;
}

const RETRY_MS_FIRST = 250;
const RETRY_MS_MAX = 15_000;
/** After so long without trouble an end counts as the first one again. */
const STEADY_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/**
 * A process of the exchange's own that may end at any moment (killed, out of memory, a bug): it is started again after a while. Its work
 * must be such that nothing is lost by that.
 */
export class SupervisedChild<Start, Ready> {
  private readonly options: SupervisedOptions<Start, Ready>;
  private child: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();
  private lastReady: Ready | null = null;
  private retry: NodeJS.Timeout | null = null;
  private retryMs = RETRY_MS_FIRST;
  private stopping = false;
  restarts = 0;

  constructor(options: SupervisedOptions<Start, Ready>) {
    this.options = options;
  }

  /** Null while it is being started again. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  get ready(): Ready | null {
    return this.lastReady;
  }

  start(): void {
    const { module, start, name } = this.options;
    const begunMs = performance.now();
    const child = fork(module, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.child = child;
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2_000);
    });
    child.on('message', (message: ReadyMessage<Ready>) => {
      this.lastReady = message.ready;
      this.options.onReady(message.ready);
    });
    // A process that ends before it has read its start is told by its end.
    child.on('error', () => {});
    const message: StartMessage<Start> = { start: start(this.lastReady) };
    child.send(message as object, () => {});
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.child = null;
        if (!this.stopping) {
          if (performance.now() - begunMs > STEADY_MS) this.retryMs = RETRY_MS_FIRST;
          const how = signal === null ? `with code ${code}` : `by ${signal}`;
          const why = complaint.trim() === '' ? '' : `: ${complaint.trim().split('\n').at(-1)}`;
          this.options.onEnded(
            `${name} ended ${how} and is started again in ${this.retryMs} ms${why}`,
          );
          this.startLater();
        }
        resolve();
      });
    });
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

  private startLater(): void {
    this.restarts++;
    this.retry = setTimeout(() => this.start(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
  }
}
