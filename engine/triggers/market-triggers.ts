import { assert } from '../assert.js';
import type { MarketActor } from '../market/market-actor.js';
import { MARKET_STATE } from '../market/market-state.js';
import {
  EF_ORDER_ID,
  EF_TRIGGER_ORDER_ID,
  EVENT_SLOTS,
  EW_FLAGS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  EW_TRIGGER_REACHED,
  F_ORDER_ID,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import {
  EVT_FILL,
  EVT_REJECTED,
  EVT_TRANSFER,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  FLAG_CLIENT_TEXT,
  FLAG_MAKER,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_REDUCE_ONLY,
  MSG_PLACE,
  PRICE_OF_INDEX,
  PRICE_OF_LAST_TRADE,
  PRICE_OF_MARK,
  REASON_EXPIRED,
  REASON_MARKET_STATE,
  REASON_OCO,
  REASON_POSITION_CLOSED,
  REASON_USER,
  reasonOfMassCancel,
  SIDE_BUY,
  sideOf,
  TRIGGER_TRAILING_STOP,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import {
  asPriceTicks,
  asQtyLots,
  asTimeMs,
  type PriceTicks,
  type QtyLots,
} from '../units/units.js';
import { admitsTrigger, closableLots, mayPair, priceOf, readOrder } from './trigger-admission.js';
import { pushTriggerEvent } from './trigger-events.js';
import { isBetter, isReached, type TriggerOrder, trailTo } from './trigger-order.js';
import type { TriggerStore } from './trigger-store.js';
import { readTriggers, writeTriggers } from './triggers-canonical.js';

/**
 * The trigger orders of one market, as its actor has them. They wait outside of the book and reserve nothing. When a price
 * reaches one it is taken out, and EVT_TRIGGERED goes to the account's home, which places the order like any other.
 *
 * Firing comes last in the message that moved the price, when its matching is complete, in the order of trigger order ids for
 * each price. What a fired order trades is looked at when its own message comes, so a chain takes one message a link, and
 * as each order fires once it has no more links than there are waiting orders.
 */
export class MarketTriggers {
  readonly store: TriggerStore;
  /** Whether trades matter, for their prices or for the positions that they change. The lane then leaves them to the long way. */
  watchesTrades = false;
  private readonly market: MarketActor;

  constructor(market: MarketActor, store: TriggerStore) {
    this.market = market;
    this.store = store;
  }

  /** MSG_PLACE_TRIGGER. */
  place(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const { market, store } = this;
    const order = readOrder(inbox, slot);
    if (order.kind === TRIGGER_TRAILING_STOP) trailTo(order, priceOf(market, order.source));
    if (!admitsTrigger(market, store, inbox, slot, order, nowMs)) return;
    if (!mayPair(market, store, inbox, slot, order)) return;
    const { book, events, marketId } = market;
    const waiting = { ...order, id: book.takeOrderId() };
    this.store.add(waiting);
    const other = this.store.find(waiting.ocoId);
    if (other !== null) other.ocoId = waiting.id;
    this.look();
    const event = pushTriggerEvent(events, EVT_TRIGGER_ACCEPTED, marketId, waiting);
    answerTo(events, event, inbox, slot);
  }

  /** MSG_CANCEL. False: no trigger order of this account has the id. */
  cancel(inbox: MessageBuffer, slot: number): boolean {
    const order = this.store.find(inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    if (order === null || order.account !== account) return false;
    answerTo(this.market.events, this.drop(order, REASON_USER), inbox, slot);
    return true;
  }

  /** MSG_MASS_CANCEL, newest first. Returns how many have gone, their OCO orders included. */
  massCancel(inbox: MessageBuffer, slot: number): number {
    const flags = inbox.words[slot * SLOT_WORDS + W_FLAGS] as number;
    const own = this.store.ofAccount(inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number);
    const named = own.filter((order) => {
      const side = sideOf(order.flags) === SIDE_BUY ? FLAG_MASS_BIDS : FLAG_MASS_ASKS;
      return (flags & side) !== 0;
    });
    const before = this.store.size;
    this.dropAll(named.reverse(), reasonOfMassCancel(flags));
    return before - this.store.size;
  }

  /** The market has gone to another state. Where orders are let in again, a price may have been reached meanwhile. */
  onState(): void {
    const { state, markTicks, pricing, book } = this.market;
    if (state === MARKET_STATE.settling || state === MARKET_STATE.closed) {
      this.dropAll(this.store.all(), REASON_MARKET_STATE);
      return;
    }
    this.onPrice(PRICE_OF_LAST_TRADE, book.lastPrice());
    if (!pricing.index.isTrusted) return;
    this.onPrice(PRICE_OF_MARK, markTicks);
    this.onPrice(PRICE_OF_INDEX, pricing.index.ticks);
  }

  /** Cancels what has expired. */
  onTime(nowMs: number): void {
    if (this.store.nextExpiryMs() > nowMs) return;
    this.dropAll(this.store.expired(asTimeMs(nowMs)), REASON_EXPIRED);
  }

  /** The trades of one message, whose events begin at this slot: each price counts, also one within a sweep. */
  onTrades(first: number): void {
    const { events } = this.market;
    const { brackets } = this.market.parents;
    const end = events.length;
    if (brackets.size > 0) brackets.onTrades(first, end);
    for (let slot = first; slot < end; ) {
      const w = slot * SLOT_WORDS;
      const head = events.words[w + W_HEAD] as number;
      const isMaker = ((events.words[w + EW_FLAGS] as number) & FLAG_MAKER) !== 0;
      if (typeOf(head) === EVT_FILL && isMaker) {
        this.onPrice(PRICE_OF_LAST_TRADE, asPriceTicks(events.words[w + EW_PRICE] as number));
      }
      slot += slotsOf(head);
    }
    if (this.store.closing > 0) this.lookAtPositions(first, end);
    brackets.lookAgain();
  }

  /** Of accounts that have traded: orders that belong to a position which is closed or has turned end. */
  private lookAtPositions(first: number, end: number): void {
    const { events } = this.market;
    for (let slot = first; slot < end; ) {
      const w = slot * SLOT_WORDS;
      const head = events.words[w + W_HEAD] as number;
      if (typeOf(head) === EVT_FILL || typeOf(head) === EVT_TRANSFER) {
        const own = this.store.ofAccount(events.words[w + W_ACCOUNT] as number);
        const lost = own.filter(
          (order) => order.closesPosition && closableLots(this.market, order) === 0,
        );
        this.dropAll(lost, REASON_POSITION_CLOSED);
      }
      slot += slotsOf(head);
    }
  }

  /** The price of this source, 0 for none yet. Nothing fires where no orders are let in: it waits for `onState`. */
  onPrice(source: number, priceTicks: PriceTicks): void {
    if (priceTicks === 0) return;
    this.store.trail(source, priceTicks);
    const { state } = this.market;
    if (state !== MARKET_STATE.open && state !== MARKET_STATE.reduce_only) return;
    for (const order of this.store.reached(source, priceTicks)) {
      if (this.waits(order)) this.fire(order, priceTicks);
    }
  }

  /** MSG_PLACE_TRIGGERED: the home has reserved the order, which from here on is like any other. */
  placeFired(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const w = slot * SLOT_WORDS;
    const { market } = this;
    const { events } = market;
    const triggerId = inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
    inbox.words[w + W_HEAD] = headOf(MSG_PLACE, 1, market.marketId);
    const first = events.length;
    if (market.admitsOrder(inbox, slot, nowMs)) market.book.place(inbox, slot);
    const head = events.words[first * SLOT_WORDS + W_HEAD] as number;
    const isPlaced = typeOf(head) !== EVT_REJECTED;
    const orderId = events.floats[first * SLOT_FLOATS + EF_ORDER_ID] as number;
    market.parents.brackets.onPlaced(triggerId, isPlaced ? orderId : 0);
    if (isPlaced) {
      events.floats[first * SLOT_FLOATS + EF_TRIGGER_ORDER_ID] = triggerId;
      return;
    }
    // Nobody waits for an answer: the owner hears of it in the private feed, by his own id.
    const hasText = ((inbox.words[w + W_FLAGS] as number) & FLAG_CLIENT_TEXT) !== 0;
    const slots = hasText ? EVENT_SLOTS + 1 : EVENT_SLOTS;
    events.push(slots - EVENT_SLOTS);
    events.words[first * SLOT_WORDS + W_HEAD] = headOf(EVT_TRIGGER_REJECTED, slots, marketOf(head));
  }

  /** A leg of a bracket begins to wait. */
  arm(order: TriggerOrder): void {
    this.store.add(order);
    this.look();
    pushTriggerEvent(this.market.events, EVT_TRIGGER_ACCEPTED, this.market.marketId, order);
  }

  /** A leg of a bracket has another size. */
  resize(id: number, qtyLots: QtyLots): void {
    const order = this.store.find(id);
    if (order === null || order.qtyLots === qtyLots) return;
    order.qtyLots = qtyLots;
    pushTriggerEvent(this.market.events, EVT_TRIGGER_AMENDED, this.market.marketId, order);
  }

  /** A leg of a bracket has nothing left to close. */
  withdraw(id: number, reason: number): void {
    const order = this.store.find(id);
    if (order === null) return;
    this.store.remove(order);
    this.look();
    const { events, marketId } = this.market;
    pushTriggerEvent(events, EVT_TRIGGER_CANCELED, marketId, order, reason);
  }

  /** Holds one that waits against the price of now. */
  lookAgain(id: number): void {
    const order = this.store.find(id);
    if (order === null) return;
    const { state, pricing } = this.market;
    const fires = state === MARKET_STATE.open || state === MARKET_STATE.reduce_only;
    const now = priceOf(this.market, order.source);
    const isSeen = order.source === PRICE_OF_LAST_TRADE || pricing.index.isTrusted;
    if (fires && isSeen && now !== 0 && isReached(order, now)) this.fire(order, now);
  }

  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    writeTriggers(this.store, writer, references);
  }

  readCanonical(reader: CanonicalReader): void {
    readTriggers(this.store, reader);
    this.look();
  }

  /**
   * Throws InvariantError when something was missed: an order waits although its price is reached, a pair is not one, or a position
   * is gone and its orders are not.
   */
  check(): void {
    const { store, market } = this;
    store.check();
    const { state } = market;
    const fires = state === MARKET_STATE.open || state === MARKET_STATE.reduce_only;
    for (const order of store.all()) {
      const now = priceOf(this.market, order.source);
      // A price that the market does not trust is not looked at.
      const isSeen =
        now !== 0 && (order.source === PRICE_OF_LAST_TRADE || market.pricing.index.isTrusted);
      const isMissed =
        fires && isSeen && isReached(order, now) && market.parents.brackets.mayFire(order);
      assert(!isMissed, `order ${order.id} waits for a price that is reached`);
      assert(!isSeen || !isBetter(order, now), `order ${order.id} does not follow the price`);
      const other = store.find(order.ocoId);
      const isPaired = order.ocoId === 0 || (other !== null && other.ocoId === order.id);
      assert(isPaired, `order ${order.id} is paired with one that does not wait for it`);
      const isSound = order.closesPosition || order.qtyLots >= 1;
      assert(isSound, `order ${order.id} waits with ${order.qtyLots} lots`);
      const isOrphan = order.closesPosition && closableLots(this.market, order) === 0;
      assert(!isOrphan, `order ${order.id} belongs to a position that is gone`);
    }
  }

  private fire(order: TriggerOrder, priceTicks: PriceTicks): void {
    const { market } = this;
    const opens = (order.flags & FLAG_REDUCE_ONLY) === 0;
    if (market.admission === MARKET_STATE.reduce_only && opens) {
      this.drop(order, REASON_MARKET_STATE);
      return;
    }
    const lots = this.lotsOf(order);
    if (lots === 0) {
      this.drop(order, REASON_POSITION_CLOSED);
      return;
    }
    const { brackets } = market.parents;
    if (order.bracketId !== 0) {
      if (!brackets.mayFire(order)) return;
      brackets.beforeFire(order);
    }
    this.store.remove(order);
    this.look();
    const fired = { ...order, qtyLots: lots };
    const event = pushTriggerEvent(market.events, EVT_TRIGGERED, market.marketId, fired);
    market.events.words[event * SLOT_WORDS + EW_TRIGGER_REACHED] = priceTicks;
    this.dropOther(order);
  }

  /**
   * Of one that belongs to a position as much as that has now. One that closes goes as far as an order may go now: where that is less than
   * when it was sent, a stop for a part is better than none.
   */
  private lotsOf(order: TriggerOrder): QtyLots {
    const { params } = this.market;
    if ((order.flags & FLAG_REDUCE_ONLY) === 0) return order.qtyLots;
    const lots = order.closesPosition ? closableLots(this.market, order) : order.qtyLots;
    return asQtyLots(Math.min(lots, params.qtyLotsMax));
  }

  /** Those that still wait when it is their turn: an order may have taken its OCO order along. */
  private dropAll(orders: readonly TriggerOrder[], reason: number): void {
    for (const order of orders) if (this.waits(order)) this.drop(order, reason);
  }

  private waits(order: TriggerOrder): boolean {
    return this.store.find(order.id) === order;
  }

  /** Of two orders of which one may fire, one has ended: so does the other. */
  private dropOther({ ocoId }: TriggerOrder): void {
    const other = this.store.find(ocoId);
    if (other === null) return;
    this.store.remove(other);
    this.look();
    const { events, marketId } = this.market;
    pushTriggerEvent(events, EVT_TRIGGER_CANCELED, marketId, other, REASON_OCO);
  }

  /** Returns the slot of the event. */
  private drop(order: TriggerOrder, reason: number): number {
    const { events, marketId } = this.market;
    this.store.remove(order);
    this.look();
    const event = pushTriggerEvent(events, EVT_TRIGGER_CANCELED, marketId, order, reason);
    if (order.bracketId !== 0) this.market.parents.brackets.onDropped(order);
    this.dropOther(order);
    return event;
  }

  /** Whether trades matter now. */
  look(): void {
    const { store } = this;
    const hasBrackets = this.market.parents.brackets.size > 0;
    this.watchesTrades = store.watches(PRICE_OF_LAST_TRADE) || store.closing > 0 || hasBrackets;
  }
}

function answerTo(events: MessageBuffer, event: number, inbox: MessageBuffer, slot: number): void {
  const w = event * SLOT_WORDS;
  events.words[w + EW_SESSION] = inbox.words[slot * SLOT_WORDS + W_SESSION] as number;
  events.words[w + EW_REQUEST] = inbox.words[slot * SLOT_WORDS + W_REQUEST] as number;
}
