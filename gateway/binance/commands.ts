import {
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_VALUE,
  EW_CODE,
  EW_REQUEST,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_DUPLICATE, EVT_REJECTED } from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import { formatScaled } from '../codec/decimal-text.js';
import { CommandWriter } from '../commands/command-writer.js';
import { OrderDraft } from '../commands/draft.js';
import { OrderFields } from '../commands/order-fields.js';
import { BUSY, type Sending, submit } from '../commands/submit.js';
import { type Markets, priceText } from '../markets.js';
import { rejectionOf } from '../protocol/rejections.js';
import { REQUESTS } from '../protocol/requests.js';
import type { Accounts } from '../session/accounts.js';
import { ERRORS, refusalOf } from './errors.js';
import type { OrderRecord } from './order-record.js';

export type CommandName =
  | 'place'
  | 'cancel'
  | 'amend'
  | 'cancelAll'
  | 'setLeverage'
  | 'setMarginMode'
  | 'moveMargin';

/** What the exchange has answered to a command that it took. */
export interface CommandAnswer {
  /** EVT_…. */
  type: number;
  marketId: number;
  orderId: number;
  /** Lots, a number of orders or a leverage, by type. */
  lots: number;
  timeMs: number;
  /** As it is remembered at the moment of the event: when the answer is looked at, hundreds of later ones may have pushed it out. */
  order: OrderRecord | undefined;
}

interface Pending {
  account: number;
  sentAtMs: number;
  done(answer: CommandAnswer): void;
  fail(error: Error): void;
}

/** Answers that may be out; more would only wait for memory. */
const PENDING_MAX = 100_000;
/** A shard that does not answer for so long has stopped. */
const ANSWER_WITHIN_MS = 10_000;
const REQUEST_MAX = 2 ** 31 - 1;
const COMMAND_SLOTS = 1;

export interface CommandContext extends Sending {
  readonly ports: readonly ShardPort[];
  readonly markets: Markets;
  readonly accounts: Accounts;
  /** By which answers are known. */
  readonly number: number;
  /** Something was sent to a shard. */
  readonly wake: (shard: number) => void;
  /** What is remembered of an order, which has its event before whoever waits for that has an answer. */
  readonly orderOf: (account: number, marketId: number, orderId: number) => OrderRecord | undefined;
}

/**
 * Sends commands through the same checks as the native door, and finds their answers again: each carries a number of its own,
 * whatever connection asked for it, so an HTTP request can wait for its answer.
 */
export class Commands {
  private readonly context: CommandContext;
  private readonly fields: OrderFields;
  private readonly draft = new OrderDraft();
  private readonly writer = new CommandWriter(COMMAND_SLOTS);
  private readonly pending = new Map<number, Pending>();
  private readonly session: number;
  private lastRequest = 0;

  constructor(context: CommandContext) {
    this.context = context;
    this.fields = new OrderFields(context.markets);
    this.session = ((context.ports[0] as ShardPort).portId << 24) | context.number;
  }

  /**
   * `fields`: as in the native JSON request of this name. The answer comes when the exchange has taken the command; a refusal,
   * from here or from there, is thrown.
   */
  send(
    account: number,
    name: CommandName,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<CommandAnswer> {
    this.check(name, fields);
    if (this.pending.size >= PENDING_MAX) throw ERRORS.overloaded();
    const request = this.nextRequest();
    this.write(account, name, request);
    const home = this.context.accounts.homeOf(account);
    const port = this.context.ports[home] as ShardPort;
    const found = submit(port, this.writer, account, this.context, performance.now());
    if (found !== null) throw found === BUSY ? ERRORS.overloaded() : ERRORS.tooManyOrders();
    const answer = new Promise<CommandAnswer>((done, fail) => {
      this.pending.set(request, { account, sentAtMs: performance.now(), done, fail });
    });
    this.context.wake(home);
    return answer;
  }

  /** Throws what is wrong with a command, and sends nothing. */
  check(name: CommandName, fields: Readonly<Record<string, unknown>>): void {
    const shape = REQUESTS[name];
    const found = this.fields.read({ shape, id: 1, fields, binary: false }, this.draft);
    if (found === null) return;
    const market = this.context.markets.get(this.draft.marketId);
    const least = market?.params.minNotionalMicroUsd ?? 0;
    throw refusalOf(found, String(fields.leverage ?? ''), formatScaled(least, 1, 6));
  }

  /** An answer has come. */
  answer(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const request = words[at + EW_REQUEST] as number;
    const waiting = this.pending.get(request);
    if (waiting === undefined) return;
    this.pending.delete(request);
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const type = typeOf(head);
    const marketId = marketOf(head);
    if (type === EVT_DUPLICATE) waiting.fail(ERRORS.duplicateClientId());
    else if (type === EVT_REJECTED) {
      const market = this.context.markets.get(marketId);
      const value = floats[f + EF_VALUE] as number;
      const limit = floats[f + EF_LIMIT] as number;
      const found = rejectionOf(words[at + EW_CODE] as number, value, limit, market);
      const isPrice = found.code.startsWith('price_ticks');
      const shown = isPrice && market !== undefined ? priceText(market, limit) : '';
      const money = formatScaled(limit, 1, 6);
      waiting.fail(refusalOf(found, String(value), isPrice ? shown : money));
    } else {
      const orderId = floats[f + EF_ORDER_ID] as number;
      const order = this.context.orderOf(waiting.account, marketId, orderId);
      const lots = floats[f + EF_LOTS] as number;
      waiting.done({ type, marketId, orderId, lots, timeMs, order });
    }
  }

  /** To be called now and then: who waits for a shard that has stopped is told so. */
  giveUp(): void {
    const latest = performance.now() - ANSWER_WITHIN_MS;
    for (const [request, { sentAtMs, fail }] of this.pending) {
      if (sentAtMs > latest) break;
      this.pending.delete(request);
      fail(ERRORS.timeout());
    }
  }

  private write(account: number, name: CommandName, request: number): void {
    const { draft, session, writer } = this;
    writer.reset();
    if (name === 'place') writer.place(draft, account, session, request);
    else if (name === 'cancel') writer.cancel(draft, account, session, request);
    else if (name === 'amend') writer.amend(draft, account, session, request);
    else if (name === 'setLeverage') writer.setLeverage(draft, account, session, request);
    else if (name === 'setMarginMode') writer.setMarginMode(draft, account, session, request);
    else if (name === 'moveMargin') writer.moveMargin(draft, account, session, request);
    else writer.massCancel(draft, account, session, request);
  }

  private nextRequest(): number {
    do this.lastRequest = this.lastRequest === REQUEST_MAX ? 1 : this.lastRequest + 1;
    while (this.pending.has(this.lastRequest));
    return this.lastRequest;
  }
}
