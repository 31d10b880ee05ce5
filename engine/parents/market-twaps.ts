import type { MarketActor } from '../market/market-actor.js';
import { MARKET_STATE } from '../market/market-state.js';
import {
  EF_EXPIRY,
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EF_VALUE,
  EW_CHILDREN,
  EW_DURATION,
  EW_PRICE,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TWAP_W_DURATION,
  TWAP_W_SLICES,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import {
  CLIENT_FLAGS,
  EVT_FILL,
  EVT_PARENT_ENDED,
  EVT_SLICE,
  EVT_TWAP_ACCEPTED,
  FLAG_CLIENT_TEXT,
  FLAG_MARKET_ORDER,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_REDUCE_ONLY,
  MSG_PLACE,
  REASON_EXPIRED,
  REASON_MARKET_STATE,
  REASON_POSITION_CLOSED,
  REASON_USER,
  reasonOfMassCancel,
  SIDE_BUY,
  sideOf,
  TIF_IOC,
  TIF_SHIFT,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { SortedList } from '../state/sorted-list.js';
import { asValueTickLots } from '../units/units.js';
import { answerParent, linkToParent, pushParentEvent } from './parent-events.js';
import { ParentTable } from './parent-table.js';
import { dueTimeMs, type Twap } from './twap.js';
import { sliceLots, sliceTimeMs } from './twap-schedule.js';

/** It ended because all of it is filled. */
const REASON_NONE = 0;

/**
 * TWAPs of one market. Each slice is a market order, immediate or cancel: when it is due, EVT_SLICE goes to the home of its account, which reserves it
 * like a trigger order that has fired (MSG_PLACE_SLICE), or says that it cannot (MSG_NOT_RESERVED). So nothing is reserved between slices, and only one is
 * ever under way.
 *
 * Times are fixed when it begins. A slice is missed while the market is not open or a guard stands, while nothing could be met, and while the one before is under
 * way; later ones make up for it, up to three times their size. What is not filled after the last slice stays unfilled.
 */
export class MarketTwaps {
  readonly running = new ParentTable<Twap>();
  private readonly byTime = new SortedList<Twap>(({ dueMs }) => dueMs);
  private readonly market: MarketActor;

  constructor(market: MarketActor) {
    this.market = market;
  }

  nextTimerMs(): number {
    return this.byTime.first?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** MSG_PLACE_TWAP. */
  place(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const { market } = this;
    const { book, events, marketId } = market;
    const asked = readTwap(inbox, slot, nowMs);
    if (!this.admits(inbox, slot, asked)) return;
    const twap: Twap = { ...asked, id: book.takeOrderId() };
    this.keep(twap);
    const event = pushParentEvent(events, EVT_TWAP_ACCEPTED, marketId, twap);
    this.writeSizes(event, twap);
    events.words[event * SLOT_WORDS + EW_PRICE] = twap.priceTicks;
    events.words[event * SLOT_WORDS + EW_DURATION] = twap.durationMs;
    events.floats[event * SLOT_FLOATS + EF_EXPIRY] = twap.startMs + twap.durationMs;
    answerParent(events, event, inbox, slot);
  }

  /** MSG_CANCEL. False: no TWAP of this account has the id. */
  cancel(inbox: MessageBuffer, slot: number): boolean {
    const twap = this.running.find(inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    if (twap === undefined || twap.account !== account) return false;
    answerParent(this.market.events, this.end(twap, REASON_USER), inbox, slot);
    return true;
  }

  /** MSG_MASS_CANCEL, newest first. Returns how many have gone. */
  massCancel(inbox: MessageBuffer, slot: number): number {
    const w = slot * SLOT_WORDS;
    const flags = inbox.words[w + W_FLAGS] as number;
    const own = this.running.ofAccount(inbox.words[w + W_ACCOUNT] as number);
    const named = own.filter((twap) => {
      const side = sideOf(twap.flags) === SIDE_BUY ? FLAG_MASS_BIDS : FLAG_MASS_ASKS;
      return (flags & side) !== 0;
    });
    const reason = reasonOfMassCancel(flags);
    for (const twap of named.reverse()) this.end(twap, reason);
    return named.length;
  }

  onState(): void {
    const { state } = this.market;
    if (state !== MARKET_STATE.settling && state !== MARKET_STATE.closed) return;
    for (const twap of this.running.all()) this.end(twap, REASON_MARKET_STATE);
  }

  /** One slice of the TWAP that has waited longest, if one is due: each timer message does a small step. */
  onTime(nowMs: number): void {
    const twap = this.byTime.first;
    if (twap === undefined || twap.dueMs > nowMs) return;
    this.byTime.remove(twap);
    // After a pause several are due: one makes up for them.
    while (twap.next < twap.slices && sliceTimeMs(twap, twap.next) <= nowMs) twap.next++;
    twap.dueMs = dueTimeMs(twap);
    this.byTime.add(twap);
    const isClosing = (twap.flags & FLAG_REDUCE_ONLY) !== 0;
    if (isClosing && this.closableLots(twap) === 0 && !twap.isUnderWay) {
      this.end(twap, REASON_POSITION_CLOSED);
      return;
    }
    if (!twap.isUnderWay) this.sendSlice(twap);
    this.endIfOver(twap);
  }

  /** MSG_PLACE_SLICE: the home has reserved it. Of a TWAP that has ended meanwhile it is refused. */
  placeSlice(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const { market } = this;
    const { events } = market;
    const id = inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
    const twap = this.running.find(id);
    inbox.words[slot * SLOT_WORDS + W_HEAD] = headOf(MSG_PLACE, 1, market.marketId);
    const first = events.length;
    if (twap === undefined) market.refuse(inbox, slot, REJECT.order_is_not_open, id, 0);
    else if (market.admitsOrder(inbox, slot, nowMs)) market.book.place(inbox, slot);
    const isPlaced = linkToParent(events, first, id);
    if (twap === undefined) return;
    twap.isUnderWay = false;
    if (isPlaced) this.countFills(twap, first);
    this.endIfOver(twap);
  }

  /** MSG_NOT_RESERVED. False: the id is not that of a TWAP. */
  notReserved(inbox: MessageBuffer, slot: number): boolean {
    const twap = this.running.find(inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
    if (twap === undefined) return false;
    twap.isUnderWay = false;
    this.endIfOver(twap);
    return true;
  }

  /**
   * Count, then by id: id, account, flags, price, quantity, begin, time, slices, the next one, filled lots and value, whether a slice is under way. With `references`
   * (snapshots only, not hashed) each client reference follows.
   */
  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    writer.put(this.running.size);
    for (const twap of this.running.all()) {
      writer.put(twap.id);
      writer.put(twap.account);
      writer.put(twap.flags);
      writer.put(twap.priceTicks);
      writer.put(twap.totalLots);
      writer.put(twap.startMs);
      writer.put(twap.durationMs);
      writer.put(twap.slices);
      writer.put(twap.next);
      writer.put(twap.filledLots);
      writer.put(twap.filledValue);
      writer.put(twap.isUnderWay ? 1 : 0);
      if (references) writer.put(twap.clientRef);
    }
  }

  readCanonical(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const twap: Twap = {
        id: reader.take(),
        account: reader.take(),
        flags: reader.take(),
        priceTicks: reader.take(),
        totalLots: reader.take(),
        startMs: reader.take(),
        durationMs: reader.take(),
        slices: reader.take(),
        next: reader.take(),
        filledLots: reader.take(),
        filledValue: reader.take(),
        isUnderWay: reader.take() === 1,
        clientRef: reader.take(),
        dueMs: 0,
      };
      this.keep({ ...twap, dueMs: dueTimeMs(twap) });
    }
  }

  /** An ordinary slice must be worth the least notional at the price that it may pay, so that not all of them are refused. */
  private admits(inbox: MessageBuffer, slot: number, asked: Omit<Twap, 'id'>): boolean {
    const { market } = this;
    const { flags, priceTicks, totalLots, slices } = asked;
    if (!market.parents.admitsOneMore(inbox, slot)) return false;
    if (!market.stateAdmitsOrder(inbox, slot, flags)) return false;
    if (market.markTicks === 0) {
      return market.refuse(inbox, slot, REJECT.market_has_no_mark_price, 0, 0);
    }
    const { priceTicksMax } = market.params;
    if (priceTicks < 0 || priceTicks > priceTicksMax) {
      const code = REJECT.price_ticks_must_be_within_1_and_limit;
      return market.refuse(inbox, slot, code, priceTicks, priceTicksMax);
    }
    if (!market.admitsLots(inbox, slot, totalLots)) return false;
    if ((flags & FLAG_REDUCE_ONLY) === 0) {
      const value = (priceTicks || market.markTicks) * Math.floor(totalLots / slices);
      if (value >= market.minValueTickLots) return true;
      return market.refuseNotional(inbox, slot, asValueTickLots(value));
    }
    if (this.closableLots(asked) > 0) return true;
    const code = REJECT.reduce_only_order_would_not_reduce_position;
    return market.refuse(inbox, slot, code, totalLots, 0);
  }

  /** Asks the home to reserve the slice that is due, if the market is open and something could be met. */
  private sendSlice(twap: Twap): void {
    const { market } = this;
    const { events, marketId, book } = market;
    // A guard makes an open market one that only lets positions be closed.
    if (market.admission !== MARKET_STATE.open) return;
    const isBuy = sideOf(twap.flags) === SIDE_BUY;
    const bound = this.boundTicks(twap);
    const best = isBuy ? book.bestAsk() : book.bestBid();
    if (best === 0 || (isBuy ? best > bound : best < bound)) return;
    const isClosing = (twap.flags & FLAG_REDUCE_ONLY) !== 0;
    const due = sliceLots(twap, twap.next - 1, twap.filledLots);
    const lots = isClosing ? Math.min(due, this.closableLots(twap)) : due;
    // Too little for an order by itself: the next slice takes it along.
    if (lots < 1 || (!isClosing && bound * lots < market.minValueTickLots)) return;
    const flags = (twap.flags & ~FLAG_CLIENT_TEXT) | FLAG_MARKET_ORDER | (TIF_IOC << TIF_SHIFT);
    const slice = { ...twap, flags, clientRef: -1 };
    const event = pushParentEvent(events, EVT_SLICE, marketId, slice);
    events.words[event * SLOT_WORDS + EW_PRICE] = twap.priceTicks;
    events.floats[event * SLOT_FLOATS + EF_LOTS] = lots;
    twap.isUnderWay = true;
  }

  /** The worst price that a slice may pay now: its own, or that of the price band. */
  private boundTicks({ flags, priceTicks }: Twap): number {
    const { buyLimitTicks, sellLimitTicks } = this.market;
    if (sideOf(flags) !== SIDE_BUY) return Math.max(priceTicks, sellLimitTicks);
    return priceTicks === 0 ? buyLimitTicks : Math.min(priceTicks, buyLimitTicks);
  }

  /** Of the order whose acceptance stands at `first`; a slice is over in the message in which it comes. */
  private countFills(twap: Twap, first: number): void {
    const { words, floats, length } = this.market.events;
    const orderId = floats[first * SLOT_FLOATS + EF_ORDER_ID] as number;
    for (let slot = first; slot < length; ) {
      const head = words[slot * SLOT_WORDS + W_HEAD] as number;
      const f = slot * SLOT_FLOATS;
      if (typeOf(head) === EVT_FILL && floats[f + EF_ORDER_ID] === orderId) {
        const lots = floats[f + EF_LOTS] as number;
        twap.filledLots += lots;
        twap.filledValue += lots * (words[slot * SLOT_WORDS + EW_PRICE] as number);
      }
      slot += slotsOf(head);
    }
  }

  private endIfOver(twap: Twap): void {
    if (twap.filledLots === twap.totalLots) this.end(twap, REASON_NONE);
    else if (twap.next === twap.slices && !twap.isUnderWay) this.end(twap, REASON_EXPIRED);
  }

  /** Returns the slot of the event. */
  private end(twap: Twap, reason: number): number {
    const { events, marketId } = this.market;
    this.running.remove(twap);
    this.byTime.remove(twap);
    const event = pushParentEvent(events, EVT_PARENT_ENDED, marketId, twap, reason);
    this.writeSizes(event, twap);
    events.floats[event * SLOT_FLOATS + EF_VALUE] = twap.filledValue;
    return event;
  }

  private writeSizes(event: number, { totalLots, filledLots, slices }: Twap): void {
    const { words, floats } = this.market.events;
    floats[event * SLOT_FLOATS + EF_LOTS] = totalLots;
    floats[event * SLOT_FLOATS + EF_REMAINING] = totalLots - filledLots;
    words[event * SLOT_WORDS + EW_CHILDREN] = slices;
  }

  private closableLots({ account, flags }: Pick<Twap, 'account' | 'flags'>): number {
    return this.market.positions.closableLots(account, sideOf(flags));
  }

  private keep(twap: Twap): void {
    this.running.add(twap);
    this.byTime.add(twap);
  }
}

/** The TWAP of MSG_PLACE_TWAP, which begins now and has no id yet. */
function readTwap(inbox: MessageBuffer, slot: number, nowMs: number): Omit<Twap, 'id'> {
  const { words, floats } = inbox;
  const w = slot * SLOT_WORDS;
  return {
    account: words[w + W_ACCOUNT] as number,
    flags: (words[w + W_FLAGS] as number) & CLIENT_FLAGS,
    clientRef: words[w + W_CLIENT_REF] as number,
    priceTicks: words[w + W_PRICE] as number,
    totalLots: floats[slot * SLOT_FLOATS + F_QTY] as number,
    startMs: nowMs,
    durationMs: words[w + SLOT_WORDS + TWAP_W_DURATION] as number,
    slices: words[w + SLOT_WORDS + TWAP_W_SLICES] as number,
    next: 0,
    dueMs: nowMs,
    filledLots: 0,
    filledValue: 0,
    isUnderWay: false,
  };
}
