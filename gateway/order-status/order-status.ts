import { setTimeout as sleep } from 'node:timers/promises';
import { type Problem, problem } from '../commands/problem.js';
import type { AccountViews } from '../feeds/account-views.js';
import type { PrivateEvents } from '../feeds/private-events.js';
import { orderView } from '../history/order-views.js';
import type { HistoryQueries } from '../history/query-pool.js';
import type { OrderRow } from '../history/rows.js';
import type { FoundStatus, Refused } from '../history/status-reader.js';
import { type Market, type Markets, unitsOf } from '../markets.js';
import { ORDER_STATUSES } from '../protocol/names.js';
import { rejectionOf } from '../protocol/rejections.js';
import type { Accounts } from '../session/accounts.js';
import type { HomeDesk } from '../shared/home-desk.js';
import type { Barriers, Reached } from './barriers.js';
import { OrderNames } from './order-name.js';
import { findRecent, type OrderToFind } from './recent-orders.js';

/** Questions that may be out; more would only wait. */
const QUESTIONS_MAX = 1_000;
/** A shard that does not answer for so long has stopped. */
export const SHARD_WITHIN_MS = 10_000;
const HISTORY_WITHIN_MS = 30_000;
const HISTORY_RETRY_MIN_MS = 10;
const HISTORY_RETRY_MAX_MS = 250;

export interface OrderStatusContext {
  readonly barriers: Barriers;
  readonly accounts: Accounts;
  readonly markets: Markets;
  readonly views: AccountViews;
  readonly logOf: (account: number) => PrivateEvents;
  /** Null: this gateway has no history. */
  readonly history: HistoryQueries | null;
  /** Knows the other threads through which the order may have come; null: there are none. */
  readonly desk: HomeDesk | null;
}

/** Looks an order up in its account's log and, behind that, in the history. Null: no such order ever reached the exchange. */
export type FindOrder = (wanted: OrderToFind) => Promise<OrderRow | null | Problem>;

/** What was found, and where the account's home stood. */
interface Looked extends FoundStatus {
  reached: Reached;
}

/** As clients see it; see PROTOCOL.md. */
export interface OrderStatus {
  status: (typeof ORDER_STATUSES)[number] | 'in_flight' | 'not_received';
  market: string;
  orderId: number | null;
  clientOrderId: string | null;
  /** A row of `/v1/history/orders`; null: no order was ever accepted. */
  order: object | null;
  /** Of what was refused, and of what never came. */
  code: string | null;
  message: string | null;
  /** All that reached the account's home up to here is accounted for … */
  sequence: number;
  /** … beginning with this one. */
  since: number;
  time: number;
}

/** It is no status, but why there is none. */
export function isRefused(found: OrderStatus | Problem): found is Problem {
  return !('status' in found);
}

/**
 * Says what has become of an order, and never that it does not know. The question waits until everything that was sent before it has come to
 * an end (`Barriers`); what happened lately is in the account's log, all else in the history, which is asked as soon as it has come
 * as far. What neither has did not reach the exchange.
 */
export class OrderStatusDesk {
  private readonly context: OrderStatusContext;
  private readonly names: OrderNames;
  private questions = 0;

  constructor(context: OrderStatusContext) {
    this.context = context;
    this.names = new OrderNames(context.markets);
  }

  /** `fields`: `market`, and one of `orderId` and `clientOrderId`, as a client has sent them. The account must exist. */
  read(accountId: number, fields: Readonly<Record<string, unknown>>): OrderToFind | Problem {
    return this.names.read(accountId, fields);
  }

  /** What was sent before this call is waited for. */
  async ask(wanted: OrderToFind): Promise<OrderStatus | Problem> {
    const found = await this.counted(() => this.look(wanted));
    if ('code' in found) return found;
    const market = this.context.markets.get(wanted.marketId) as Market;
    return statusOf(market, wanted, found, found.reached);
  }

  /**
   * The order itself, as the history keeps it; null: none was ever accepted under this name, or it is still on its way. A gateway without
   * a history knows none but those of the log.
   */
  async find(wanted: OrderToFind): Promise<OrderRow | null | Problem> {
    const found = await this.counted(() => this.look(wanted));
    if (!('code' in found)) return found.order;
    return this.context.history === null ? null : found;
  }

  private async counted<Found>(look: () => Promise<Found | Problem>): Promise<Found | Problem> {
    if (this.questions >= QUESTIONS_MAX) return busy('too many questions for orders wait');
    this.questions++;
    try {
      return await look();
    } finally {
      this.questions--;
    }
  }

  private async look(wanted: OrderToFind): Promise<Looked | Problem> {
    const { barriers, desk, logOf, views } = this.context;
    const { accountId, marketId } = wanted;
    // What other threads have sent comes first, so that what the own barrier reaches is behind it.
    if (desk !== null && !(await desk.reach(accountId, marketId))) {
      return busy('another part of the exchange takes no more at this moment');
    }
    const reached = await barriers.reach(accountId, marketId, SHARD_WITHIN_MS);
    if (reached === null) return busy('the exchange takes no more at this moment');
    const log = logOf(accountId);
    // The log may have lost its end with the host; then only the history knows the truth.
    const isWhole = log.lastOf(accountId) === views.sequenceOf(accountId);
    const recent = isWhole ? await findRecent(log, wanted, reached.timeMs) : null;
    if (recent !== null) {
      const { order, refused } = recent;
      const { sequence } = reached;
      return { reached, sequence, rememberedAfter: 0, order, refused, asked: null };
    }
    const found = await this.fromHistory(wanted, reached.sequence);
    return 'code' in found ? found : { reached, ...found };
  }

  /** Asks again until the history has come as far as the question. */
  private async fromHistory(wanted: OrderToFind, sequence: number): Promise<FoundStatus | Problem> {
    const { accounts, history } = this.context;
    if (history === null) return withoutHistory('there is no history here to look it up in');
    const shardId = accounts.homeOf(wanted.accountId);
    const end = performance.now() + HISTORY_WITHIN_MS;
    for (let wait = HISTORY_RETRY_MIN_MS; ; wait = Math.min(wait * 2, HISTORY_RETRY_MAX_MS)) {
      const found = await history.status({ table: 'status', shardId, sequence, ...wanted }).catch(
        // Before its first commit there is no file.
        () => undefined,
      );
      if (found === null) return busy('too many requests for history wait');
      if (found !== undefined && found.sequence >= sequence) return found;
      if (performance.now() > end) {
        const come = found === undefined ? 'is not there yet' : `has come to ${found.sequence}`;
        return withoutHistory(`the answer needs sequence ${sequence}, but the history ${come}`);
      }
      await sleep(wait);
    }
  }
}

function statusOf(
  market: Market,
  wanted: OrderToFind,
  found: FoundStatus,
  reached: Reached,
): OrderStatus {
  const { order, refused, asked, rememberedAfter } = found;
  const since = rememberedAfter + 1;
  if (order !== null) return ofOrder(market, order, refused, reached, since);
  const { orderId, clientOrderId } = wanted;
  const base = {
    market: market.params.symbol,
    orderId: orderId === 0 ? null : orderId,
    clientOrderId: clientOrderId === '' ? null : clientOrderId,
    order: null,
    sequence: reached.sequence,
    since,
    time: reached.timeMs,
  };
  if (refused !== null) return { ...base, status: 'rejected', ...reasonOf(refused, market) };
  if (asked !== null) return { ...base, status: 'in_flight', code: null, message: null };
  const { sequence } = reached;
  return {
    ...base,
    status: 'not_received',
    code: 'no_such_order_reached_the_exchange',
    message: `no such order of this account reached the exchange from sequence ${since} up to sequence ${sequence}`,
  };
}

function ofOrder(
  market: Market,
  order: OrderRow,
  refused: Refused | null,
  { sequence, timeMs }: Reached,
  since: number,
): OrderStatus {
  const none = { code: null, message: null };
  return {
    status: ORDER_STATUSES[order.status] as (typeof ORDER_STATUSES)[number],
    market: market.params.symbol,
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    order: orderView(order, unitsOf(market)),
    ...(refused === null ? none : reasonOf(refused, market)),
    sequence,
    since,
    time: timeMs,
  };
}

function reasonOf({ code, value, limitValue }: Refused, market: Market) {
  return rejectionOf(code, Number(value), Number(limitValue), market);
}

function busy(why: string): Problem {
  return problem('busy', `${why}; try again`);
}

function withoutHistory(why: string): Problem {
  return problem('history_is_not_available', `${why}; try again`);
}
