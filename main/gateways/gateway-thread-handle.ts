import { Worker } from 'node:worker_threads';
import { interruptThread } from './interrupt-thread.js';
import { Relay } from './relay.js';
import type {
  GatewayThreadSeed,
  GatewayThreadStart,
  ToExchange,
  ToThread,
} from './thread-messages.js';

const MODULE = new URL('./gateway-thread.js', import.meta.url);
/**
 * Node ends the whole process when a timer's function ends without its counterpart in Node's own books having been called, and that is
 * how one ends that is interrupted.
 */
const SURVIVES_INTERRUPTS = '--no-force-async-hooks-checks';
/**
 * So long after it has heard one interrupt it hangs in something else, if it has not said that it ends. Generously: one that reaches a thread
 * which hangs no more ends what comes next, and where that is called by the addon, the addon may take the process with it.
 */
const INTERRUPT_AGAIN_MS = 5_000;

export interface HandleHooks {
  answer(thread: GatewayThreadHandle, ask: ToExchange): unknown;
  /** It has ended, whatever it was asked for before. */
  onEnd(thread: GatewayThreadHandle): void;
}

/** One life of a gateway's thread, as the exchange sees it. */
export class GatewayThreadHandle {
  /** Its number once it has a place among those that listen, 0 before. */
  slot = 0;
  readonly portId: number;
  /** Accounts whose orders go when the thread dies, with how many of its connections want that. */
  readonly guarded = new Map<number, number>();
  /** Lets clients in. */
  isListening = false;
  /** It dies, or was given up: nobody waits for it any more. */
  isGone = false;
  /** It was given up because it says nothing, and has said nothing since. */
  hangs = false;
  /** Why it ended, as far as it could say. */
  lastWords = '';
  readonly ended: Promise<void>;
  private readonly relay: Relay<ToThread, ToExchange>;
  private readonly name: string;
  private readonly gone: Promise<void>;
  private markGone: () => void = () => {};
  /** From the moment at which its state was taken: what has to be told once it has begun. Null: at once. */
  private waiting: (() => void)[] | null = null;
  private hears = false;
  /** From when on it may be interrupted: infinity, while it has not heard the last one. */
  private interruptFromMs = 0;

  constructor(portId: number, start: GatewayThreadStart, hooks: HandleHooks) {
    this.portId = portId;
    this.name = `gateway ${portId}`;
    const execArgv = [SURVIVES_INTERRUPTS];
    const worker = new Worker(MODULE, { workerData: start, name: this.name, execArgv });
    this.relay = new Relay<ToThread, ToExchange>(worker, (ask) => hooks.answer(this, ask));
    this.gone = new Promise((resolve) => {
      this.markGone = resolve;
    });
    worker.on('error', (error) => {
      this.lastWords ||= error.stack ?? error.message;
    });
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.giveUp();
        this.relay.end(new Error('the thread has ended'));
        hooks.onEnd(this);
        resolve();
      });
    });
  }

  /** Resolves when its modules are loaded. */
  loaded(): Promise<void> {
    return this.relay.ask({ ask: 'loaded' });
  }

  /** Its state is that of this moment: what changes from here on it has to be told. */
  hearFromNow(): void {
    this.hears = true;
    this.waiting = [];
  }

  async begin(seed: GatewayThreadSeed): Promise<void> {
    this.slot = seed.slot;
    const begun = this.relay.ask<void>(
      { ask: 'begin', seed },
      seed.ports.map(({ wake }) => wake),
    );
    // Behind it on the same line.
    for (const tell of this.waiting ?? []) tell();
    this.waiting = null;
    await begun;
  }

  async listen(): Promise<void> {
    await this.relay.ask({ ask: 'listen' });
    this.isListening = true;
  }

  /** Null when there is nobody (any more) who could answer. */
  ask<T>(ask: ToThread): Promise<T | null> {
    if (!this.hears || this.isGone) return Promise.resolve(null);
    const answered = new Promise<T>((resolve, reject) => {
      const send = () => this.relay.ask<T>(ask).then(resolve, reject);
      if (this.waiting === null) void send();
      else this.waiting.push(() => void send());
    });
    const ignored = answered.catch((error) => {
      if (this.isGone) return null;
      throw error;
    });
    return Promise.race([ignored, this.gone.then(() => null)]);
  }

  /** Asks it to end; `ended` tells when it has. */
  stop(): void {
    this.relay.tell({ ask: 'stop' });
  }

  /**
   * It hangs: ends whatever it is in, so that it finds that it was given up, and ends itself. One at a time: interrupts that wait for it in
   * a row would end what closes its doors.
   */
  interrupt(): void {
    if (performance.now() < this.interruptFromMs) return;
    this.interruptFromMs = Number.POSITIVE_INFINITY;
    interruptThread(this.name, () => {
      this.interruptFromMs = performance.now() + INTERRUPT_AGAIN_MS;
    });
  }

  /** Nobody waits for it any more. */
  giveUp(): void {
    this.isGone = true;
    this.isListening = false;
    this.markGone();
  }
}
