import { EF_SEQUENCE, EW_REQUEST } from '../../engine/messages/layout.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import { CommandWriter } from '../commands/command-writer.js';
import { OrderDraft } from '../commands/draft.js';
import type { Accounts } from '../session/accounts.js';

/** Where the account's home stood when everything that was sent before had come to an end. */
export interface Reached {
  sequence: number;
  timeMs: number;
}

export interface BarrierContext {
  readonly ports: readonly ShardPort[];
  readonly accounts: Accounts;
  /** By which answers are known. */
  readonly number: number;
  /** Whether something that was taken from clients is not even sent to this port. */
  readonly isWaiting: (port: ShardPort) => boolean;
  /** Something was sent to a shard. */
  readonly wake: (shard: number) => void;
}

/** No market ever gives this id out, so its cancel changes nothing anywhere. */
const NO_ORDER_ID = Number.MAX_SAFE_INTEGER;
const REQUEST_MAX = 2 ** 31 - 1;
const COMMAND_SLOTS = 1;

/**
 * Waits until the exchange has done everything that this gateway sent before: a cancel of an order that cannot be goes the way that orders
 * of the account in that market go, from ring to home to host and back, each of which keeps the order of what it carries. Its refusal is
 * therefore behind the answer of every order before it, and tells the home's sequence.
 */
export class Barriers {
  private readonly context: BarrierContext;
  private readonly session: number;
  private readonly draft = new OrderDraft();
  private readonly writer = new CommandWriter(COMMAND_SLOTS);
  private readonly waiting = new Map<number, (reached: Reached | null) => void>();
  private lastRequest = 0;

  constructor(context: BarrierContext) {
    this.context = context;
    this.session = ((context.ports[0] as ShardPort).portId << 24) | context.number;
  }

  get number(): number {
    return this.context.number;
  }

  get count(): number {
    return this.waiting.size;
  }

  /** Null: the ring is full, nothing was sent; or no answer came in time. */
  reach(account: number, marketId: number, withinMs: number): Promise<Reached | null> {
    const { accounts, ports, wake } = this.context;
    const request = this.nextRequest();
    this.draft.clear();
    this.draft.marketId = marketId;
    this.draft.orderId = NO_ORDER_ID;
    this.writer.reset();
    this.writer.cancel(this.draft, account, this.session, request);
    const home = accounts.homeOf(account);
    const port = ports[home] as ShardPort;
    // A question, whatever it looks like: it leaves room for cancels, and does not overtake them.
    if (this.context.isWaiting(port)) return Promise.resolve(null);
    if (!port.trySend(this.writer.words, 0, this.writer.slots, true)) return Promise.resolve(null);
    const reached = new Promise<Reached | null>((resolve) => {
      const timer = setTimeout(() => this.settle(request, null), withinMs).unref();
      this.waiting.set(request, (found) => {
        clearTimeout(timer);
        resolve(found);
      });
    });
    wake(home);
    return reached;
  }

  /** An answer has come. */
  answer(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const sequence = floats[at / 2 + EF_SEQUENCE] as number;
    this.settle(words[at + EW_REQUEST] as number, { sequence, timeMs });
  }

  close(): void {
    for (const request of [...this.waiting.keys()]) this.settle(request, null);
  }

  private settle(request: number, reached: Reached | null): void {
    const resolve = this.waiting.get(request);
    this.waiting.delete(request);
    resolve?.(reached);
  }

  private nextRequest(): number {
    this.lastRequest = this.lastRequest >= REQUEST_MAX ? 1 : this.lastRequest + 1;
    return this.lastRequest;
  }
}
