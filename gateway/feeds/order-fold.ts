import {
  EF_CLIENT_ID,
  EF_EXPIRY,
  EF_LOTS,
  EF_OCO_ORDER_ID,
  EF_ORDER_ID,
  EF_PARENT_ORDER_ID,
  EF_REMAINING,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  EW_FLAGS,
  EW_PRICE,
  EW_TRAIL_PPM,
  EW_TRAIL_TICKS,
  EW_TRIGGER_PRICE,
  EW_TRIGGER_TERMS,
  marketOf,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_BRACKET,
  EVT_CANCELED,
  EVT_FILL,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGERED,
  FLAG_MARKET_ORDER,
  FLAG_SIDE,
  TIF_FOK,
  TIF_IOC,
  TRIGGER_TRAILING_STOP,
  tifOf,
} from '../../engine/messages/types.js';
import {
  closesPosition,
  isInBracket,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import { bracketTerms } from '../codec/bracket-messages.js';
import { L2Book } from './l2-book.js';
import type { OpenOrder, OpenOrders } from './open-orders.js';
import type { QueuedOrder } from './order-queues.js';

/**
 * Folds order events into open orders and price levels. Each event says what remains of its order, so the fold is
 * a difference to what was known. An order that still matches stands in its level for the moment between its
 * acceptance and the fills of the same command; orders that may never rest stay out of the levels altogether.
 */
export class OrderFold {
  private readonly orders: OpenOrders;
  private readonly hasLevels: boolean;
  private readonly books: (L2Book | undefined)[] = [];
  /** By market: where ids of orders go that have changed in the book. */
  private readonly watched: (Set<number> | null | undefined)[] = [];
  private lastPriority = 0;

  /** Without levels only the open orders are kept. */
  constructor(orders: OpenOrders, hasLevels = true) {
    this.orders = orders;
    this.hasLevels = hasLevels;
  }

  book(marketId: number): L2Book {
    let book = this.books[marketId];
    if (book === undefined) {
      book = new L2Book();
      this.books[marketId] = book;
    }
    return book;
  }

  /** From now on ids of orders that change in the market's book are added to the set; null: no more. */
  watch(marketId: number, changed: Set<number> | null): void {
    this.watched[marketId] = changed;
  }

  /** The order as it rests in the book, null when it does not. */
  restingOrder(marketId: number, orderId: number): QueuedOrder | null {
    const { orders } = this;
    const slot = orders.find(marketId, orderId);
    if (slot < 0 || orders.isWaiting(slot) || !mayRest(orders.flags[slot] as number)) return null;
    return {
      orderId,
      side: (orders.flags[slot] as number) & FLAG_SIDE,
      priceTicks: orders.prices[slot] as number,
      lots: orders.remaining[slot] as number,
      priority: orders.priorities[slot] as number,
    };
  }

  /** All orders that rest in the market's book, in no order. */
  resting(marketId: number): QueuedOrder[] {
    const { orders } = this;
    return orders.ofMarket(marketId).flatMap((slot) => {
      const order = this.restingOrder(marketId, orders.idOf(slot));
      return order === null ? [] : [order];
    });
  }

  /** Events of other types change no order and are ignored. */
  apply(words: Int32Array, floats: Float64Array, at: number): void {
    const head = words[at + W_HEAD] as number;
    switch (typeOf(head)) {
      case EVT_ACCEPTED:
        this.accepted(words, floats, at, head);
        break;
      case EVT_FILL:
        this.remains(marketOf(head), floats, at, floats[at / 2 + EF_REMAINING] as number);
        break;
      case EVT_CANCELED:
        this.remains(marketOf(head), floats, at, 0);
        break;
      case EVT_AMENDED:
        this.amended(words, floats, at, marketOf(head));
        break;
      case EVT_TRIGGER_ACCEPTED:
        this.waits(words, floats, at, head);
        break;
      case EVT_TRIGGER_AMENDED:
        this.resized(words, floats, at);
        break;
      case EVT_BRACKET:
        this.bracketed(words, floats, at);
        break;
      case EVT_TRIGGER_CANCELED:
      case EVT_TRIGGERED:
        this.waitsNoLonger(marketOf(head), floats[at / 2 + EF_ORDER_ID] as number);
        break;
    }
  }

  /** Puts in an order that rested before the gateway started. */
  seed(order: OpenOrder): void {
    const { orders } = this;
    if (orders.find(order.marketId, order.orderId) >= 0) return;
    const slot = orders.add(order.marketId, order.orderId, order.accountId);
    orders.flags[slot] = order.flags;
    orders.prices[slot] = order.priceTicks;
    orders.quantities[slot] = order.qtyLots;
    orders.remaining[slot] = order.remainingLots;
    orders.setDetails(slot, order.expiresAtMs, 0);
    if (order.clientOrderId !== '') orders.seedClientText(slot, order.clientOrderId);
    if (order.bracket !== null) orders.setBracket(slot, order.bracket);
    if (order.trigger !== null) orders.setTrigger(slot, order.trigger);
    else {
      orders.priorities[slot] = ++this.lastPriority;
      this.addToLevel(order.marketId, order.flags, order.priceTicks, order.remainingLots);
      this.watched[order.marketId]?.add(order.orderId);
    }
  }

  private accepted(words: Int32Array, floats: Float64Array, at: number, head: number): void {
    const slot = this.add(words, floats, at, head);
    this.orders.priorities[slot] = ++this.lastPriority;
    const flags = words[at + EW_FLAGS] as number;
    const lots = floats[at / 2 + EF_LOTS] as number;
    this.addToLevel(marketOf(head), flags, words[at + EW_PRICE] as number, lots);
    this.watched[marketOf(head)]?.add(floats[at / 2 + EF_ORDER_ID] as number);
  }

  /** An order that waits for a price is open, but in no level. */
  private waits(words: Int32Array, floats: Float64Array, at: number, head: number): void {
    const slot = this.add(words, floats, at, head);
    const terms = words[at + EW_TRIGGER_TERMS] as number;
    const kind = kindOfTerms(terms);
    const ocoOrderId = floats[at / 2 + EF_OCO_ORDER_ID] as number;
    const isLeg = isInBracket(terms);
    this.orders.setTrigger(slot, {
      kind,
      source: sourceOfTerms(terms),
      priceTicks: kind === TRIGGER_TRAILING_STOP ? 0 : (words[at + EW_TRIGGER_PRICE] as number),
      trailTicks: isLeg ? 0 : (words[at + EW_TRAIL_TICKS] as number),
      trailPpm: isLeg ? 0 : (words[at + EW_TRAIL_PPM] as number),
      parentOrderId: isLeg ? (floats[at / 2 + EF_PARENT_ORDER_ID] as number) : 0,
      ocoOrderId,
      closesPosition: closesPosition(terms),
    });
    if (ocoOrderId !== 0) this.orders.pair(marketOf(head), ocoOrderId, slot);
  }

  /** A leg of a bracket follows what its entry has filled. */
  private resized(words: Int32Array, floats: Float64Array, at: number): void {
    const { orders } = this;
    const f = at / 2;
    const marketId = marketOf(words[at + W_HEAD] as number);
    const slot = orders.find(marketId, floats[f + EF_ORDER_ID] as number);
    if (slot < 0) return;
    orders.quantities[slot] = floats[f + EF_LOTS] as number;
    orders.remaining[slot] = floats[f + EF_LOTS] as number;
  }

  /** Of an order that is filled at once nothing is left to be shown. */
  private bracketed(words: Int32Array, floats: Float64Array, at: number): void {
    const marketId = marketOf(words[at + W_HEAD] as number);
    const slot = this.orders.find(marketId, floats[at / 2 + EF_ORDER_ID] as number);
    if (slot >= 0) this.orders.setBracket(slot, bracketTerms(words, at));
  }

  private waitsNoLonger(marketId: number, orderId: number): void {
    const slot = this.orders.find(marketId, orderId);
    if (slot >= 0) this.orders.remove(slot);
  }

  private add(words: Int32Array, floats: Float64Array, at: number, head: number): number {
    const marketId = marketOf(head);
    const f = at / 2;
    const { orders } = this;
    const slot = orders.add(
      marketId,
      floats[f + EF_ORDER_ID] as number,
      words[at + W_ACCOUNT] as number,
    );
    const lots = floats[f + EF_LOTS] as number;
    orders.flags[slot] = words[at + EW_FLAGS] as number;
    orders.prices[slot] = words[at + EW_PRICE] as number;
    orders.quantities[slot] = lots;
    orders.remaining[slot] = lots;
    orders.setDetails(slot, floats[f + EF_EXPIRY] as number, floats[f + EF_CLIENT_ID] as number);
    if (slotsOf(head) > 2 && (words[at + EW_CLIENT_TEXT_LENGTH] as number) > 0) {
      const length = words[at + EW_CLIENT_TEXT_LENGTH] as number;
      orders.setClientText(slot, words, at + EW_CLIENT_TEXT, length);
    }
    return slot;
  }

  private amended(words: Int32Array, floats: Float64Array, at: number, marketId: number): void {
    const f = at / 2;
    const { orders } = this;
    const slot = orders.find(marketId, floats[f + EF_ORDER_ID] as number);
    if (slot < 0) return;
    const flags = orders.flags[slot] as number;
    const before = orders.remaining[slot] as number;
    const oldPrice = orders.prices[slot] as number;
    const price = words[at + EW_PRICE] as number;
    const remaining = floats[f + EF_REMAINING] as number;
    orders.prices[slot] = price;
    orders.quantities[slot] = floats[f + EF_LOTS] as number;
    orders.remaining[slot] = remaining;
    // Less at the same price keeps the place in the queue (engine/kernel/amending.ts).
    if (price !== oldPrice || remaining >= before) orders.priorities[slot] = ++this.lastPriority;
    this.watched[marketId]?.add(floats[f + EF_ORDER_ID] as number);
    this.addToLevel(marketId, flags, oldPrice, -before);
    this.addToLevel(marketId, flags, price, remaining);
  }

  private remains(marketId: number, floats: Float64Array, at: number, remaining: number): void {
    const { orders } = this;
    const slot = orders.find(marketId, floats[at / 2 + EF_ORDER_ID] as number);
    if (slot < 0) return;
    this.watched[marketId]?.add(floats[at / 2 + EF_ORDER_ID] as number);
    const flags = orders.flags[slot] as number;
    const change = remaining - (orders.remaining[slot] as number);
    if (change !== 0) this.addToLevel(marketId, flags, orders.prices[slot] as number, change);
    if (remaining === 0) orders.remove(slot);
    else orders.remaining[slot] = remaining;
  }

  private addToLevel(marketId: number, flags: number, priceTicks: number, lots: number): void {
    if (this.hasLevels && mayRest(flags)) {
      this.book(marketId).add(flags & FLAG_SIDE, priceTicks, lots);
    }
  }
}

function mayRest(flags: number): boolean {
  if ((flags & FLAG_MARKET_ORDER) !== 0) return false;
  const tif = tifOf(flags);
  return tif !== TIF_IOC && tif !== TIF_FOK;
}
