import {
  EF_ACCOUNT_SEQUENCE,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_VALUE,
  EW_CODE,
  EW_REQUEST,
  EW_SESSION,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_DUPLICATE, EVT_MASS_CANCELED, EVT_REJECTED } from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { AccountSource } from '../feeds/account-state.js';
import { HEAD_WORDS, RF_EPOCH, RF_TIME, recordAccountSequence } from '../feeds/feed-record.js';
import { ANY_EPOCH, type Collected } from '../feeds/feed-walk.js';
import type { Markets } from '../markets.js';
import { rejectionOf } from '../protocol/rejections.js';
import type { AllowanceTable } from '../session/allowances.js';
import { type MassCancelCount, MassCancelCounts } from '../session/mass-cancel-counts.js';
import type { Bucket } from '../session/token-bucket.js';
import type { FixBody } from './codec/frame-writer.js';
import { MSG } from './codec/tags.js';
import { ORD_STATUS, orderOfState } from './orders/client-order.js';
import { executionReport, statusReport } from './orders/execution-report.js';
import { OrderEvents } from './orders/order-events.js';
import type { PendingRequest } from './orders/pending-request.js';
import { type Answer, massCanceled, refusalOf } from './orders/refusals.js';
import type { SessionLink } from './session/session-link.js';
import type { FeedCursor, SessionRecord } from './session/session-record.js';

/** A longer history of an account is not gone through when a session begins: it would delay everybody. */
const HISTORY_EVENTS_MAX = 20_000;

type KnownRejection = ReturnType<typeof rejectionOf>;

/** What all sessions of a door share. */
export interface SessionContext {
  readonly markets: Markets;
  readonly source: AccountSource;
  /** By shard. */
  readonly ports: readonly ShardPort[];
  readonly exchangeTimeMs: () => number;
  /** Of accounts. */
  readonly allowances: AllowanceTable<number>;
  /** The session has something to write or to send. */
  readonly touch: (session: ClientSession) => void;
  readonly onError: (error: Error) => void;
}

/**
 * An API key's FIX session as long as somebody is connected or waits for an answer. It tells all orders of the account, each
 * private event once and in order, whichever door an order came through: live, and from the log what it has missed.
 */
export class ClientSession {
  readonly apiKey: string;
  readonly account: number;
  readonly home: number;
  readonly record: SessionRecord;
  readonly link: SessionLink;
  readonly massCancels = new MassCancelCounts<KnownRejection>();
  /** Since when nobody is connected. */
  idleSinceMs = 0;
  private readonly context: SessionContext;
  private readonly events: OrderEvents;
  /** Live events count: all before them are told. */
  private isLive = false;
  private isCatchingUp = false;
  /** Questions that came meanwhile. */
  private waiting: (() => void)[] = [];

  constructor(
    apiKey: string,
    account: number,
    record: SessionRecord,
    link: SessionLink,
    context: SessionContext,
  ) {
    this.apiKey = apiKey;
    this.account = account;
    this.home = context.source.homeOf(account);
    this.record = record;
    this.link = link;
    this.context = context;
    this.events = new OrderEvents(context.markets, record.orders);
  }

  /** Value of W_SESSION in its commands. */
  get sessionWord(): number {
    const { portId } = this.context.ports[this.home] as ShardPort;
    return (portId << 24) | this.record.number;
  }

  /** What the account may still ask for, through all doors together. */
  bucket(nowMs: number): Bucket {
    return this.context.allowances.of(this.account, nowMs);
  }

  /** Nobody is connected, and nobody waits. */
  get isDormant(): boolean {
    return !this.link.isAttached && this.record.requests.size === 0 && !this.isCatchingUp;
  }

  /** Tells what the session has not told yet, then goes on live. A session that is new begins with the present. */
  begin(): void {
    this.isLive = true;
    if (this.record.cursor === null) this.beginNew();
    else this.catchUp();
  }

  /** Both numbers begin at 1 again. What was told stays told, and requests under way get no answer any more. */
  reset(number: number): void {
    this.record.reset(number);
    this.massCancels.clear();
  }

  /** Nobody listens: what happens from now on is told when somebody is back. */
  pause(): void {
    this.isLive = false;
  }

  /** An answer of the shard to a command of this session. */
  answer(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const request = this.record.requests.get(words[at + EW_REQUEST] as number);
    if (request === undefined) return;
    const type = typeOf(words[at + W_HEAD] as number);
    if (type === EVT_REJECTED) this.rejected(request, words, floats, at, timeMs);
    else if (type === EVT_DUPLICATE)
      this.duplicate(request, floats[at / 2 + EF_ORDER_ID] as number);
    else if (type === EVT_MASS_CANCELED) {
      this.massCanceled(request, floats[at / 2 + EF_LOTS] as number, timeMs);
    }
  }

  /** An event of the account's private feed, as it happens. */
  follow(words: Int32Array, floats: Float64Array, at: number, epoch: number, timeMs: number): void {
    if (!this.isLive || this.isCatchingUp) {
      // Without a connection only answers count, and they are in the log as well.
      if (!this.isLive && this.isAnswer(words, at)) this.catchUp();
      return;
    }
    const cursor = this.record.cursor as FeedCursor;
    const sequence = floats[at / 2 + EF_ACCOUNT_SEQUENCE] as number;
    if (sequence <= cursor.sequence) return;
    if (sequence > cursor.sequence + 1) this.catchUp();
    else this.tell(words, floats, at, epoch, timeMs);
  }

  /** Looks whether the log knows more than was told. */
  lookForMissed(): void {
    const { cursor } = this.record;
    if (cursor === null || this.isCatchingUp) return;
    if (!this.isLive && this.record.requests.size === 0) return;
    if (this.context.source.latestOf(this.account) > cursor.sequence) this.catchUp();
  }

  /** Does it when all that has happened is told, so that no answer is behind the exchange. */
  whenTold(action: () => void): void {
    if (this.isCatchingUp) this.waiting.push(action);
    else action();
  }

  send({ type, body }: Answer): void {
    this.link.send(type, body);
    this.context.touch(this);
  }

  /** The one answer to a request that did not get to the exchange, or came back from it with nothing done. */
  refuse(request: PendingRequest, code: string, message: string): void {
    const { orders } = this.record;
    const named = request.origClOrdId === '' ? undefined : orders.named(request.origClOrdId);
    const execId = this.execIdOf(request);
    const timeMs = this.context.exchangeTimeMs();
    this.send(refusalOf(request, { code, message }, named, execId, timeMs));
    this.record.answered(request.sequence);
  }

  /** The ClOrdID has been used: the answer tells how its order stands, and there is no second one. */
  duplicate(request: PendingRequest, orderId: number): void {
    const { markets, exchangeTimeMs } = this.context;
    const order = this.record.orders.named(request.clOrdId);
    if (order !== undefined) {
      const body = statusReport(order, markets, exchangeTimeMs());
      this.send({ type: MSG.ExecutionReport, body });
      this.record.answered(request.sequence);
      return;
    }
    const place = orderId === 0 ? 'on its way' : `order ${orderId}, which has ended`;
    const message = `ClOrdID has been used for ${place}; no second order was made`;
    this.refuse(request, 'duplicate', message);
  }

  /** ExecID of what has no number in the account's feed. */
  execIdOf(request: PendingRequest): string {
    return `${this.record.number}.${request.sequence}`;
  }

  private isAnswer(words: Int32Array, at: number): boolean {
    return words[at + EW_SESSION] === this.sessionWord;
  }

  private rejected(
    request: PendingRequest,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const market = this.context.markets.get(marketOf(words[at + W_HEAD] as number));
    const value = floats[at / 2 + EF_VALUE] as number;
    const limit = floats[at / 2 + EF_LIMIT] as number;
    const found = rejectionOf(words[at + EW_CODE] as number, value, limit, market);
    if (request.type === MSG.OrderMassCancelRequest) {
      const done = this.massCancels.rejected(request.sequence, found);
      if (done !== null) this.massCancelDone(request, done, timeMs);
    } else this.refuse(request, found.code, found.message);
  }

  private massCanceled(request: PendingRequest, count: number, timeMs: number): void {
    const done = this.massCancels.canceled(request.sequence, count);
    if (done !== null) this.massCancelDone(request, done, timeMs);
  }

  private massCancelDone(
    request: PendingRequest,
    done: MassCancelCount<KnownRejection>,
    timeMs: number,
  ): void {
    if (done.rejection !== null) {
      this.refuse(request, done.rejection.code, done.rejection.message);
      return;
    }
    this.send(massCanceled(request, done.count, this.execIdOf(request), timeMs));
    this.record.answered(request.sequence);
  }

  /** Reports an event that is the next one, and moves on. */
  private tell(
    words: Int32Array,
    floats: Float64Array,
    at: number,
    epoch: number,
    timeMs: number,
  ): void {
    const { record } = this;
    const sequence = floats[at / 2 + EF_ACCOUNT_SEQUENCE] as number;
    const request = this.isAnswer(words, at)
      ? record.requests.get(words[at + EW_REQUEST] as number)
      : undefined;
    const done = this.events.apply(words, floats, at, request);
    record.cursor = { epoch, sequence };
    if (done !== null) {
      const execId = `${epoch}-${sequence}`;
      this.report(executionReport(done, this.context.markets, execId, timeMs));
    }
    if (request !== undefined) record.answered(request.sequence);
    this.context.touch(this);
  }

  private report(body: FixBody): void {
    this.send({ type: MSG.ExecutionReport, body });
  }

  private catchUp(): void {
    const { cursor } = this.record;
    if (this.isCatchingUp || cursor === null) return;
    const found = this.context.source.eventsAfter(this.account, cursor);
    if (found instanceof Promise) this.await(found, (collected) => this.tellAll(collected));
    else this.tellAll(found);
  }

  /** Nothing is told of the past, but where all of it is known, orders that are open now have exact averages. */
  private beginNew(): void {
    const { source } = this.context;
    const isShort = source.latestOf(this.account) <= HISTORY_EVENTS_MAX;
    const first = { epoch: ANY_EPOCH, sequence: 0 };
    const found = isShort ? source.eventsAfter(this.account, first) : null;
    if (found instanceof Promise) this.await(found, (history) => this.learn(history));
    else this.learn(found);
  }

  private learn(history: Collected | null): void {
    const { record, context } = this;
    const { orders } = record;
    record.cursor = this.present();
    if (history === null) {
      for (const order of context.source.openOrders(this.account)) orders.add(orderOfState(order));
    } else {
      const { block, starts } = history;
      for (const at of starts) {
        this.events.apply(block.words, block.floats, at + HEAD_WORDS, undefined);
        const epoch = block.floats[at / 2 + RF_EPOCH] as number;
        record.cursor = { epoch, sequence: recordAccountSequence(block, at) };
      }
      // Of most there is nothing to be kept: they have ended long ago.
      orders.takeChanged();
      for (const order of orders.all()) orders.touch(order);
    }
    context.touch(this);
  }

  private await(found: Promise<Collected | null>, then: (found: Collected | null) => void): void {
    this.isCatchingUp = true;
    found.then(
      (collected) => {
        this.isCatchingUp = false;
        then(collected);
        this.lookForMissed();
        this.answerWaiting();
      },
      (error: Error) => {
        this.isCatchingUp = false;
        this.context.onError(error);
        if (this.record.cursor === null) this.learn(null);
        this.answerWaiting();
      },
    );
  }

  private answerWaiting(): void {
    for (const action of this.waiting.splice(0)) this.whenTold(action);
  }

  private tellAll(found: Collected | null): void {
    if (found === null) this.beginAnew();
    else this.tellEach(found);
    this.record.dropInherited();
  }

  private tellEach(found: Collected): void {
    const { block, starts } = found;
    for (const at of starts) {
      const { sequence } = this.record.cursor as FeedCursor;
      if (recordAccountSequence(block, at) !== sequence + 1) continue;
      const epoch = block.floats[at / 2 + RF_EPOCH] as number;
      const timeMs = block.floats[at / 2 + RF_TIME] as number;
      this.tell(block.words, block.floats, at + HEAD_WORDS, epoch, timeMs);
    }
  }

  /** The events are not to be had: the orders are told as they stand now, with what is known of them. */
  private beginAnew(): void {
    const { record, context } = this;
    const { source, markets, exchangeTimeMs } = context;
    const timeMs = exchangeTimeMs();
    const gone = new Set(record.orders.open());
    for (const state of source.openOrders(this.account)) {
      const now = orderOfState(state);
      const known = record.orders.find(state.marketId, state.orderId);
      if (known !== undefined) {
        gone.delete(known);
        const isSame = known.cumLots === now.cumLots;
        Object.assign(now, {
          clOrdId: known.clOrdId,
          filledValue: isSame ? known.filledValue : '',
        });
      }
      record.orders.put(now);
      this.report(statusReport(now, markets, timeMs));
    }
    for (const order of gone) {
      order.status = ORD_STATUS.canceled;
      order.leavesLots = 0;
      record.orders.touch(order);
      this.report(statusReport(order, markets, timeMs));
    }
    record.cursor = this.present();
    context.touch(this);
  }

  /** State tells no epoch of an account's last event: what is told next does. */
  private present(): FeedCursor {
    return { epoch: ANY_EPOCH, sequence: this.context.source.latestOf(this.account) };
  }
}
