import type { ShardPort } from '../../../engine/shard/shard-port.js';
import { CommandWriter } from '../../commands/command-writer.js';
import { OrderDraft } from '../../commands/draft.js';
import { OrderFields } from '../../commands/order-fields.js';
import { type Sending, submit } from '../../commands/submit.js';
import type { Market, Markets } from '../../markets.js';
import { MARKET_STATES } from '../../protocol/names.js';
import { REQUESTS } from '../../protocol/requests.js';
import type { ClientSession } from '../client-session.js';
import type { FixMessage } from '../codec/fix-message.js';
import { FixBody } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import type { ClientOrder } from './client-order.js';
import { readOrderId } from './execution-report.js';
import { placeFields, sideOf } from './order-fields.js';
import type { PendingRequest } from './pending-request.js';

/** By market state: an order may be open, even where it may not be canceled. */
const MAY_HAVE_ORDERS: readonly boolean[] = MARKET_STATES.map(
  (name) => name !== 'initializing' && name !== 'settling' && name !== 'closed',
);
/** Most commands of one request: a mass cancel in each market. */
const COMMANDS_MAX = 64;
const CANCEL_IN_MARKET = '1';
const CANCEL_ALL = '7';
/** Fields of a request that come back when it is refused. */
const ECHOED: readonly number[] = [
  TAG.ClOrdID,
  TAG.Symbol,
  TAG.Side,
  TAG.OrderQty,
  TAG.OrdType,
  TAG.Price,
  TAG.StopPx,
  TAG.TimeInForce,
];
const ECHOED_OF_MASS_CANCEL: readonly number[] = [TAG.MassCancelRequestType, TAG.Symbol, TAG.Side];

/** How a request names an order of the exchange. */
interface Target {
  readonly fields: Record<string, unknown>;
  readonly root: string;
}

/** Turns requests for orders into commands. What is refused here has sent nothing to the exchange. */
export class OrderDesk {
  private readonly markets: Markets;
  private readonly ports: readonly ShardPort[];
  private readonly sending: Sending;
  private readonly wake: (shard: number) => void;
  private readonly fields: OrderFields;
  private readonly draft = new OrderDraft();
  private readonly writer = new CommandWriter(COMMANDS_MAX);
  commands = 0;

  constructor(
    markets: Markets,
    ports: readonly ShardPort[],
    sending: Sending,
    wake: (shard: number) => void,
  ) {
    this.markets = markets;
    this.sending = sending;
    this.ports = ports;
    this.wake = wake;
    this.fields = new OrderFields(markets);
  }

  /** A request of one of the types below; `isAllowed`: the session has not sent more than it may. */
  handle(session: ClientSession, message: FixMessage, isAllowed: boolean): void {
    const request = this.requestOf(session, message);
    session.record.begin(request);
    if (!isAllowed) {
      session.refuse(request, 'rate_limited', 'too many requests; nothing was sent, try later');
      return;
    }
    const account = message.get(TAG.Account);
    if (
      account !== undefined &&
      account !== String(session.account) &&
      account !== session.apiKey
    ) {
      const text = `Account must be ${session.account}, the API key, or absent`;
      session.refuse(request, 'value_is_not_allowed', text);
    } else if (message.type === MSG.NewOrderSingle) this.place(session, request, message);
    else if (message.type === MSG.OrderCancelRequest) this.cancel(session, request, message);
    else if (message.type === MSG.OrderCancelReplaceRequest) {
      this.replace(session, request, message);
    } else this.massCancel(session, request, message);
  }

  private place(session: ClientSession, request: PendingRequest, message: FixMessage): void {
    const known = session.record.orders.named(request.clOrdId);
    // The name that a replacement gave: the exchange does not know it.
    if (known !== undefined && known.root !== request.clOrdId) {
      session.duplicate(request, known.orderId);
      return;
    }
    const fields = placeFields(message);
    if (typeof fields === 'string') {
      session.refuse(request, 'value_is_not_allowed', fields);
      return;
    }
    if (!this.read(session, request, 'place', fields)) return;
    this.writer.reset();
    this.writer.place(this.draft, session.account, session.sessionWord, request.sequence);
    this.send(session, request);
  }

  private cancel(session: ClientSession, request: PendingRequest, message: FixMessage): void {
    const target = this.targetOf(session, request, message);
    if (target === null) return;
    if (!this.read(session, request, 'cancel', target.fields)) return;
    this.writer.reset();
    this.writer.cancel(this.draft, session.account, session.sessionWord, request.sequence);
    this.send(session, request);
  }

  private replace(session: ClientSession, request: PendingRequest, message: FixMessage): void {
    const target = this.targetOf(session, request, message);
    if (target === null) return;
    if (this.isNameTaken(session, request)) {
      session.refuse(request, 'duplicate', 'ClOrdID has been used; nothing was changed');
      return;
    }
    const fields: Record<string, unknown> = { ...target.fields, qty: message.get(TAG.OrderQty) };
    const price = message.get(TAG.Price);
    if (price !== undefined) fields.price = price;
    if (!this.read(session, request, 'amend', fields)) return;
    this.writer.reset();
    this.writer.amend(this.draft, session.account, session.sessionWord, request.sequence);
    this.send(session, request);
  }

  private massCancel(session: ClientSession, request: PendingRequest, message: FixMessage): void {
    const wanted = message.get(TAG.MassCancelRequestType);
    const symbol = message.get(TAG.Symbol);
    if (wanted !== CANCEL_IN_MARKET && wanted !== CANCEL_ALL) {
      const text = 'MassCancelRequestType must be 1 (one symbol) or 7 (all)';
      session.refuse(request, 'value_is_not_allowed', text);
      return;
    }
    if ((wanted === CANCEL_IN_MARKET) !== (symbol !== undefined)) {
      const text = 'Symbol must be present for MassCancelRequestType 1, and absent for 7';
      session.refuse(request, 'flags_are_contradictory', text);
      return;
    }
    const fields: Record<string, unknown> = { market: symbol, side: sideOf(message) };
    if (!this.read(session, request, 'cancelAll', fields)) return;
    const all = this.markets.all().filter(({ state }) => MAY_HAVE_ORDERS[state] === true);
    const markets = symbol === undefined ? all.map(({ id }) => id) : [this.draft.marketId];
    session.massCancels.begin(request.sequence, markets.length);
    this.writer.reset();
    for (const market of markets) {
      this.draft.marketId = market;
      this.writer.massCancel(this.draft, session.account, session.sessionWord, request.sequence);
    }
    this.send(session, request);
  }

  /** Which order a cancel or replace is about; null: it was refused. */
  private targetOf(
    session: ClientSession,
    request: PendingRequest,
    message: FixMessage,
  ): Target | null {
    const market = message.get(TAG.Symbol);
    const orderId = message.get(TAG.OrderID);
    const known = session.record.orders.named(request.origClOrdId);
    const named = orderId === undefined ? null : readOrderId(orderId);
    if (known !== undefined) {
      if (!this.agrees(known, market, named)) {
        const text = 'Symbol and OrderID must be those of the order that OrigClOrdID names';
        session.refuse(request, 'order_is_not_open', text);
        return null;
      }
      return { fields: { market, orderId: known.orderId }, root: known.root };
    }
    if (orderId !== undefined && named === null) {
      session.refuse(request, 'order_is_not_open', 'OrderID must be one of this venue');
      return null;
    }
    // Orders of other doors may have no client order id.
    if (named !== null) return { fields: { market, orderId: named.orderId }, root: '' };
    return { fields: { market, clientOrderId: request.root }, root: request.root };
  }

  private agrees(
    order: ClientOrder,
    symbol: string | undefined,
    named: { marketId: number; orderId: number } | null,
  ): boolean {
    const market = this.markets.get(order.marketId) as Market;
    if (market.params.symbol !== symbol) return false;
    if (named === null) return true;
    const isId = named.orderId === order.orderId || named.orderId === order.waitedAs;
    return named.marketId === order.marketId && isId;
  }

  /** ClOrdIDs name one thing each, also while that is on its way. */
  private isNameTaken(session: ClientSession, request: PendingRequest): boolean {
    const { orders, requests } = session.record;
    if (orders.named(request.clOrdId) !== undefined) return true;
    for (const other of requests.values()) {
      if (other.sequence !== request.sequence && other.clOrdId === request.clOrdId) return true;
    }
    return false;
  }

  private read(
    session: ClientSession,
    request: PendingRequest,
    name: 'place' | 'cancel' | 'amend' | 'cancelAll',
    fields: Record<string, unknown>,
  ): boolean {
    const shape = REQUESTS[name];
    const wrong = this.fields.read(
      { shape, id: request.sequence, fields, binary: false },
      this.draft,
    );
    if (wrong === null) return true;
    session.refuse(request, wrong.code, wrong.message);
    return false;
  }

  private send(session: ClientSession, request: PendingRequest): void {
    const port = this.ports[session.home] as ShardPort;
    const found = submit(port, this.writer, session.account, this.sending, performance.now());
    if (found !== null) {
      session.refuse(request, found.code, found.message);
      return;
    }
    this.commands++;
    this.wake(session.home);
  }

  private requestOf(session: ClientSession, message: FixMessage): PendingRequest {
    const origClOrdId = message.get(TAG.OrigClOrdID) ?? '';
    const isMassCancel = message.type === MSG.OrderMassCancelRequest;
    const echo = new FixBody();
    for (const tag of isMassCancel ? ECHOED_OF_MASS_CANCEL : ECHOED) {
      echo.optional(tag, message.get(tag));
    }
    const isNew = message.type === MSG.NewOrderSingle;
    return {
      sequence: message.sequence,
      type: message.type,
      clOrdId: message.get(TAG.ClOrdID) as string,
      origClOrdId,
      marketId: this.markets.find(message.get(TAG.Symbol) ?? '')?.id ?? 0,
      echo: isNew || isMassCancel ? echo.text : '',
      root: isNew ? (message.get(TAG.ClOrdID) as string) : this.rootOf(session, origClOrdId),
    };
  }

  /** The name by which the exchange knows an order whose replacement may still be on its way. */
  private rootOf(session: ClientSession, clOrdId: string): string {
    const { orders, requests } = session.record;
    const known = orders.named(clOrdId);
    if (known !== undefined) return known.root;
    for (const { type, clOrdId: name, root } of requests.values()) {
      if (name === clOrdId && type === MSG.OrderCancelReplaceRequest) return root;
    }
    return clOrdId;
  }
}
