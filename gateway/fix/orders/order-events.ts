import {
  EF_EXPIRY,
  EF_FEE,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EF_TRADE_SEQUENCE,
  EF_TRIGGER_ORDER_ID,
  EF_VALUE,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  EW_TRIGGER_PRICE,
  EW_TRIGGER_TERMS,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_PARENT_ENDED,
  EVT_TRANSFER,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  FLAG_LIQUIDATION,
  FLAG_MAKER,
  FLAG_SIDE,
  REASON_EXPIRED,
  REASON_SELF_TRADE,
  REASON_USER,
  reasonOf,
} from '../../../engine/messages/types.js';
import { kindOfTerms } from '../../../engine/triggers/trigger-events.js';
import type { Markets } from '../../markets.js';
import { REASONS, TRANSFER_REASONS } from '../../protocol/names.js';
import { rejectionOf } from '../../protocol/rejections.js';
import { type ClientOrder, clientIdOf, ORD_STATUS, workingStatus } from './client-order.js';
import type { ClientOrders } from './client-orders.js';
import type { PendingRequest } from './pending-request.js';

/** ExecType, as far as events here become reports. */
export const EXEC_TYPE = {
  new: '0',
  canceled: '4',
  replaced: '5',
  rejected: '8',
  expired: 'C',
  restated: 'D',
  trade: 'F',
  status: 'I',
} as const;

/** ExecRestatementReason. */
const PARTIAL_DECLINE = 5;
const OTHER_RESTATEMENT = 99;

/** What an event says about an order, as of just behind it. */
export interface Execution {
  readonly order: ClientOrder;
  readonly execType: string;
  /** Of a trade. */
  readonly fill: Fill | null;
  /** ExecRestatementReason; 0: none. */
  readonly restatement: number;
  /** ClOrdID of the request that it answers, when that is another one than the order's. */
  readonly clOrdId: string;
  readonly origClOrdId: string;
  readonly text: string;
}

export interface Fill {
  readonly priceTicks: number;
  readonly lots: number;
  readonly tradeId: number;
  /** Null: no fee, because it was no trade in the book. */
  readonly feeMicroUsd: number | null;
  readonly isMaker: boolean;
}

interface Event {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly at: number;
  readonly marketId: number;
}

/** Folds the events of an account's private feed into its orders, and says what is to be reported. */
export class OrderEvents {
  private readonly markets: Markets;
  private readonly orders: ClientOrders;

  constructor(markets: Markets, orders: ClientOrders) {
    this.markets = markets;
    this.orders = orders;
  }

  /** Null: nothing to report. `request`: the one of this session that the event answers. */
  apply(
    words: Int32Array,
    floats: Float64Array,
    at: number,
    request: PendingRequest | undefined,
  ): Execution | null {
    const head = words[at + W_HEAD] as number;
    const event = { words, floats, at, marketId: marketOf(head) };
    switch (typeOf(head)) {
      case EVT_ACCEPTED:
        return this.accepted(event);
      case EVT_TRIGGER_ACCEPTED:
        return this.waits(event);
      case EVT_FILL:
        return this.filled(event);
      case EVT_CANCELED:
      case EVT_TRIGGER_CANCELED:
        return this.canceled(event, request);
      case EVT_AMENDED:
        return this.amended(event, request);
      case EVT_TRIGGER_AMENDED:
        return this.resized(event);
      case EVT_TRIGGER_REJECTED:
        return this.refusedWhenFired(event);
      case EVT_TRANSFER:
        return this.transferred(event);
      case EVT_PARENT_ENDED:
        // A parent order is no order of this door, but it may be canceled here by its name.
        return request === undefined ? null : this.canceled(event, request);
      default:
        return null;
    }
  }

  private accepted(event: Event): Execution {
    const waitedAs = event.floats[event.at / 2 + EF_TRIGGER_ORDER_ID] as number;
    const waiting = waitedAs === 0 ? undefined : this.orders.find(event.marketId, waitedAs);
    if (waiting === undefined) {
      const order = orderOfEvent(event);
      this.orders.add(order);
      return execution(order, EXEC_TYPE.new);
    }
    const { words, floats, at } = event;
    waiting.flags = words[at + EW_FLAGS] as number;
    waiting.priceTicks = words[at + EW_PRICE] as number;
    waiting.qtyLots = floats[at / 2 + EF_LOTS] as number;
    waiting.leavesLots = waiting.qtyLots;
    waiting.kind = 0;
    this.orders.renumber(waiting, floats[at / 2 + EF_ORDER_ID] as number);
    return {
      ...execution(waiting, EXEC_TYPE.restated, 'triggered'),
      restatement: OTHER_RESTATEMENT,
    };
  }

  private waits(event: Event): Execution {
    const order = orderOfEvent(event);
    order.kind = kindOfTerms(event.words[event.at + EW_TRIGGER_TERMS] as number);
    order.triggerTicks = event.words[event.at + EW_TRIGGER_PRICE] as number;
    this.orders.add(order);
    return execution(order, EXEC_TYPE.new);
  }

  private filled(event: Event): Execution {
    const { words, floats, at } = event;
    const f = at / 2;
    const lots = floats[f + EF_LOTS] as number;
    const leavesLots = floats[f + EF_REMAINING] as number;
    const priceTicks = words[at + EW_PRICE] as number;
    const flags = words[at + EW_FLAGS] as number;
    const order = this.known(event, lots + leavesLots);
    order.cumLots += lots;
    order.leavesLots = leavesLots;
    if (order.filledValue !== '') {
      const value = BigInt(order.filledValue) + BigInt(priceTicks) * BigInt(lots);
      order.filledValue = value.toString();
    }
    order.status = workingStatus(order);
    this.orders.touch(order);
    const fill = {
      priceTicks,
      lots,
      tradeId: floats[f + EF_TRADE_SEQUENCE] as number,
      feeMicroUsd: floats[f + EF_FEE] as number,
      isMaker: (flags & FLAG_MAKER) !== 0,
    };
    const text = (flags & FLAG_LIQUIDATION) !== 0 ? 'liquidation' : '';
    return { ...execution(order, EXEC_TYPE.trade, text), fill };
  }

  private canceled(event: Event, request: PendingRequest | undefined): Execution {
    const { words, floats, at } = event;
    const order = this.known(event, floats[at / 2 + EF_REMAINING] as number);
    const reason = reasonOf(words[at + EW_FLAGS] as number);
    const expired = reason === REASON_EXPIRED;
    order.leavesLots = 0;
    order.status = expired ? ORD_STATUS.expired : ORD_STATUS.canceled;
    this.orders.touch(order);
    const text = reason === REASON_USER ? '' : (REASONS[reason] ?? '');
    const made = execution(order, expired ? EXEC_TYPE.expired : EXEC_TYPE.canceled, text);
    return request === undefined ? made : { ...made, ...namesOf(request) };
  }

  private amended(event: Event, request: PendingRequest | undefined): Execution {
    const { words, floats, at } = event;
    const order = this.known(event, floats[at / 2 + EF_LOTS] as number);
    order.priceTicks = words[at + EW_PRICE] as number;
    order.qtyLots = floats[at / 2 + EF_LOTS] as number;
    order.leavesLots = floats[at / 2 + EF_REMAINING] as number;
    order.status = workingStatus(order);
    if (request !== undefined) {
      order.clOrdId = request.clOrdId;
      this.orders.name(order, request.clOrdId);
      this.orders.touch(order);
      return { ...execution(order, EXEC_TYPE.replaced), ...namesOf(request) };
    }
    this.orders.touch(order);
    const reason = reasonOf(words[at + EW_FLAGS] as number);
    const restatement = reason === REASON_SELF_TRADE ? PARTIAL_DECLINE : OTHER_RESTATEMENT;
    const text = reason === REASON_USER ? 'amended' : (REASONS[reason] ?? '');
    return { ...execution(order, EXEC_TYPE.restated, text), restatement };
  }

  /** What a take-profit or stop closes follows what its entry has filled. */
  private resized(event: Event): Execution {
    const order = this.known(event, event.floats[event.at / 2 + EF_LOTS] as number);
    order.qtyLots = event.floats[event.at / 2 + EF_LOTS] as number;
    order.leavesLots = order.qtyLots;
    this.orders.touch(order);
    return { ...execution(order, EXEC_TYPE.restated, 'resized'), restatement: OTHER_RESTATEMENT };
  }

  private refusedWhenFired({ words, floats, at, marketId }: Event): Execution | null {
    const f = at / 2;
    const order = this.orders.find(marketId, floats[f + EF_ORDER_ID] as number);
    if (order === undefined) return null;
    order.leavesLots = 0;
    order.status = ORD_STATUS.rejected;
    this.orders.touch(order);
    const value = floats[f + EF_VALUE] as number;
    const limit = floats[f + EF_LIMIT] as number;
    const market = this.markets.get(marketId);
    const { code, message } = rejectionOf(words[at + EW_CODE] as number, value, limit, market);
    return execution(order, EXEC_TYPE.rejected, `${code}: ${message}`);
  }

  /** A part of a position came or went outside of the book: a trade without an order. */
  private transferred({ words, floats, at, marketId }: Event): Execution {
    const lots = floats[at / 2 + EF_LOTS] as number;
    const priceTicks = words[at + EW_PRICE] as number;
    const flags = words[at + EW_FLAGS] as number;
    const order: ClientOrder = {
      ...emptyOrder(marketId, 0),
      flags: flags & FLAG_SIDE,
      priceTicks,
      qtyLots: lots,
      cumLots: lots,
      filledValue: (BigInt(priceTicks) * BigInt(lots)).toString(),
      status: ORD_STATUS.filled,
    };
    const fill = { priceTicks, lots, tradeId: 0, feeMicroUsd: null, isMaker: false };
    const text = TRANSFER_REASONS[reasonOf(flags)] ?? 'transfer';
    return { ...execution(order, EXEC_TYPE.trade, text), fill };
  }

  /** The order of the event. One that was never told of, such as a slice of a liquidation, begins with it. */
  private known(event: Event, qtyLots: number): ClientOrder {
    const { words, floats, at, marketId } = event;
    const orderId = floats[at / 2 + EF_ORDER_ID] as number;
    const found = this.orders.find(marketId, orderId);
    if (found !== undefined) return found;
    const root = clientIdOf(words, floats, at);
    const order: ClientOrder = {
      ...emptyOrder(marketId, orderId),
      root,
      clOrdId: root,
      flags: words[at + EW_FLAGS] as number,
      priceTicks: words[at + EW_PRICE] as number,
      qtyLots,
      leavesLots: qtyLots,
    };
    this.orders.add(order);
    return order;
  }
}

function orderOfEvent({ words, floats, at, marketId }: Event): ClientOrder {
  const f = at / 2;
  const root = clientIdOf(words, floats, at);
  const qtyLots = floats[f + EF_LOTS] as number;
  return {
    ...emptyOrder(marketId, floats[f + EF_ORDER_ID] as number),
    root,
    clOrdId: root,
    flags: words[at + EW_FLAGS] as number,
    priceTicks: words[at + EW_PRICE] as number,
    qtyLots,
    leavesLots: qtyLots,
    expiresAtMs: floats[f + EF_EXPIRY] as number,
  };
}

function emptyOrder(marketId: number, orderId: number): ClientOrder {
  return {
    marketId,
    orderId,
    waitedAs: 0,
    root: '',
    clOrdId: '',
    flags: 0,
    kind: 0,
    priceTicks: 0,
    triggerTicks: 0,
    qtyLots: 0,
    cumLots: 0,
    leavesLots: 0,
    filledValue: '0',
    expiresAtMs: 0,
    status: ORD_STATUS.new,
  };
}

function execution(order: ClientOrder, execType: string, text = ''): Execution {
  const { clOrdId } = order;
  return { order, execType, fill: null, restatement: 0, clOrdId, origClOrdId: '', text };
}

function namesOf({ clOrdId, origClOrdId }: PendingRequest) {
  return { clOrdId, origClOrdId };
}
