import { NO_ORDER } from '../book/order-book.js';
import type { MarketActor } from '../market/market-actor.js';
import { copyWords } from '../messages/copy-words.js';
import {
  EF_EXPIRY,
  EF_LOTS,
  EF_REMAINING,
  EF_RESERVED_LOSS,
  EF_RESERVED_LOTS,
  EW_CHILDREN,
  EW_LAST_PRICE,
  EW_PRICE,
  F_CLIENT_ID,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SCALED_W_COUNT,
  SCALED_W_DISTRIBUTION,
  SCALED_W_LAST_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import {
  CLIENT_FLAGS,
  EVT_PARENT_ENDED,
  EVT_SCALED_ACCEPTED,
  FLAG_CLIENT_TEXT,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  MSG_CANCEL,
  MSG_PLACE,
  MSG_PLACE_SCALED,
  REASON_USER,
  SIDE_BUY,
  sideOf,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { answerParent, linkToParent, type Parent, pushParentEvent } from './parent-events.js';
import { ParentTable } from './parent-table.js';
import { lossValueOf, type ScaledChild, type ScaledTerms, scaledChildren } from './scaled-order.js';

const NO_CLIENT_REF = -1;
const FIRST_SWEEP = 64;

/** A scaled order of which something is open: its orders have the ids behind its own, up to the last one. */
export interface ScaledParent {
  readonly id: number;
  readonly account: number;
  readonly flags: number;
  readonly lastChildId: number;
  readonly totalLots: number;
}

/**
 * Scaled orders of one market. Its limit orders are placed in one message and are then orders like any others, so nobody tells this
 * place when one of them ends; whether anything of a scaled order is open is asked of the book when it matters. What has nothing open any
 * more counts nowhere, stands in no state, and is forgotten when its account comes again or the list has doubled.
 */
export class MarketScaled {
  private readonly known = new ParentTable<ScaledParent>();
  private sweepAt = FIRST_SWEEP;
  private readonly market: MarketActor;
  /** The message of one of the orders. */
  private readonly scratch = new MessageBuffer(1);

  constructor(market: MarketActor) {
    this.market = market;
    this.scratch.push(1);
  }

  /** Of the account, those with something open. */
  liveOf(account: number): ScaledParent[] {
    return this.known.ofAccount(account).filter((parent) => this.isOpen(parent));
  }

  /** MSG_PLACE_SCALED: all of its orders or none. Whoever comes later in a book that it has moved itself may still be cut by reduce-only. */
  place(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const { book, events, marketId } = this.market;
    const first = events.length;
    const { words, floats } = inbox;
    const w = slot * SLOT_WORDS;
    const terms = readTerms(inbox, slot);
    const children = scaledChildren(terms);
    if (!this.admits(inbox, slot, nowMs, terms, children)) {
      this.tellReserved(first, inbox, slot, children);
      return;
    }
    const flags = (words[w + W_FLAGS] as number) & CLIENT_FLAGS;
    const id = book.takeOrderId();
    const account = words[w + W_ACCOUNT] as number;
    const parent: Parent = { id, account, flags, clientRef: words[w + W_CLIENT_REF] as number };
    const event = pushParentEvent(events, EVT_SCALED_ACCEPTED, marketId, parent);
    events.floats[event * SLOT_FLOATS + EF_LOTS] = terms.totalLots;
    events.floats[event * SLOT_FLOATS + EF_REMAINING] = terms.totalLots;
    events.words[event * SLOT_WORDS + EW_PRICE] = terms.firstTicks;
    events.words[event * SLOT_WORDS + EW_LAST_PRICE] = terms.lastTicks;
    events.words[event * SLOT_WORDS + EW_CHILDREN] = terms.count;
    events.floats[event * SLOT_FLOATS + EF_EXPIRY] = floats[
      slot * SLOT_FLOATS + F_EXPIRY
    ] as number;
    answerParent(events, event, inbox, slot);
    let lastChildId = id;
    for (const child of children) {
      const at = events.length;
      this.childMessage(inbox, slot, terms, child);
      book.place(this.scratch, 0);
      if (linkToParent(events, at, id)) lastChildId++;
    }
    this.keep({ id, account, flags, lastChildId, totalLots: terms.totalLots });
  }

  /** MSG_CANCEL of a scaled order: of all its orders that are open. False: the id is not that of one with something open. */
  cancel(inbox: MessageBuffer, slot: number): boolean {
    const { market } = this;
    const { events, marketId } = market;
    const parent = this.known.find(inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    if (parent === undefined || parent.account !== account || !this.isOpen(parent)) return false;
    let canceled = 0;
    for (let id = parent.id + 1; id <= parent.lastChildId; id++) {
      if (!this.finds(account, id)) continue;
      const at = events.length;
      market.book.cancel(this.scratch, 0);
      canceled += events.floats[at * SLOT_FLOATS + EF_REMAINING] as number;
    }
    this.known.remove(parent);
    const ended = { ...parent, flags: parent.flags & ~FLAG_CLIENT_TEXT, clientRef: NO_CLIENT_REF };
    const event = pushParentEvent(events, EVT_PARENT_ENDED, marketId, ended, REASON_USER);
    events.floats[event * SLOT_FLOATS + EF_LOTS] = parent.totalLots;
    events.floats[event * SLOT_FLOATS + EF_REMAINING] = canceled;
    answerParent(events, event, inbox, slot);
    return true;
  }

  /** Count, then those with something open by id: id, account, flags, last id, quantity. */
  writeCanonical(writer: CanonicalWriter): void {
    const live = this.known.all().filter((parent) => this.isOpen(parent));
    writer.put(live.length);
    for (const { id, account, flags, lastChildId, totalLots } of live) {
      for (const value of [id, account, flags, lastChildId, totalLots]) writer.put(value);
    }
  }

  readCanonical(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const id = reader.take();
      const account = reader.take();
      const flags = reader.take();
      const lastChildId = reader.take();
      this.known.add({ id, account, flags, lastChildId, totalLots: reader.take() });
    }
  }

  /** Each order is looked at by itself; what they open together, and how many they are, once more for all. */
  private admits(
    inbox: MessageBuffer,
    slot: number,
    nowMs: number,
    terms: ScaledTerms,
    children: readonly ScaledChild[],
  ): boolean {
    const { market, scratch } = this;
    if (!market.parents.admitsOneMore(inbox, slot)) return false;
    for (const child of children) {
      this.childMessage(inbox, slot, terms, child);
      // For the refusal, which answers the message that came.
      scratch.words[W_HEAD] = headOf(MSG_PLACE_SCALED, 1, market.marketId);
      scratch.words[W_SESSION] = inbox.words[slot * SLOT_WORDS + W_SESSION] as number;
      scratch.words[W_REQUEST] = inbox.words[slot * SLOT_WORDS + W_REQUEST] as number;
      scratch.words[W_FLAGS] = inbox.words[slot * SLOT_WORDS + W_FLAGS] as number;
      scratch.words[W_CLIENT_REF] = inbox.words[slot * SLOT_WORDS + W_CLIENT_REF] as number;
      scratch.floats[F_CLIENT_ID] = inbox.floats[slot * SLOT_FLOATS + F_CLIENT_ID] as number;
      if (!market.admitsOrder(scratch, 0, nowMs) || !this.mayRest(child)) return false;
    }
    const flags = inbox.words[slot * SLOT_WORDS + W_FLAGS] as number;
    if (!market.admitsInterest(inbox, slot, flags, terms.totalLots)) return false;
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    const open = market.book.openOrdersOf(account) + terms.count;
    const { openOrdersMax } = market.params;
    if (open > openOrdersMax) {
      const code = REJECT.open_orders_must_not_exceed_limit;
      return market.refuse(inbox, slot, code, open, openOrdersMax);
    }
    const isClosing = (flags & FLAG_REDUCE_ONLY) !== 0;
    if (!isClosing || market.positions.closableLots(account, sideOf(flags)) > 0) return true;
    const code = REJECT.reduce_only_order_would_not_reduce_position;
    return market.refuse(inbox, slot, code, terms.totalLots, 0);
  }

  /** Post-only orders never trade, so the opposite side stays as it is while they are placed, and may be looked at before. */
  private mayRest({ priceTicks }: ScaledChild): boolean {
    const { market, scratch } = this;
    const flags = scratch.words[W_FLAGS] as number;
    if ((flags & FLAG_POST_ONLY) === 0) return true;
    const isBuy = sideOf(flags) === SIDE_BUY;
    const best = isBuy ? market.book.bestAsk() : market.book.bestBid();
    if (best === 0 || (isBuy ? priceTicks < best : priceTicks > best)) return true;
    const slid = isBuy ? best - 1 : best + 1;
    const slides = (flags & FLAG_POST_ONLY_SLIDE) !== 0;
    if (slides && slid >= 1 && slid <= market.params.priceTicksMax) return true;
    return market.refuse(scratch, 0, REJECT.post_only_order_would_cross, priceTicks, best);
  }

  /** Writes MSG_PLACE of one of the orders. It has neither client id nor anybody who waits for an answer. */
  private childMessage(
    inbox: MessageBuffer,
    slot: number,
    terms: ScaledTerms,
    { priceTicks, lots }: ScaledChild,
  ): void {
    const { words, floats } = this.scratch;
    const w = slot * SLOT_WORDS;
    copyWords(inbox.words, w, words, 0, SLOT_WORDS);
    words[W_HEAD] = headOf(MSG_PLACE, 1, this.market.marketId);
    words[W_FLAGS]! &= ~FLAG_CLIENT_TEXT;
    words[W_PRICE] = priceTicks;
    words[W_CLIENT_REF] = NO_CLIENT_REF;
    words[W_SESSION] = 0;
    words[W_REQUEST] = 0;
    words[W_MARK_DISTANCE] = priceTicks - terms.firstTicks + distanceOf(inbox, slot);
    floats[F_QTY] = lots;
    floats[F_CLIENT_ID] = 0;
  }

  /** The refusal tells the home what to give back. */
  private tellReserved(
    event: number,
    inbox: MessageBuffer,
    slot: number,
    children: readonly ScaledChild[],
  ): void {
    const { floats } = this.market.events;
    const w = slot * SLOT_WORDS;
    const isBuy = sideOf(inbox.words[w + W_FLAGS] as number) === SIDE_BUY;
    const mark = (inbox.words[w + W_PRICE] as number) - distanceOf(inbox, slot);
    const f = event * SLOT_FLOATS;
    floats[f + EF_RESERVED_LOTS] = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    floats[f + EF_RESERVED_LOSS] = lossValueOf(children, isBuy, mark);
  }

  private keep(parent: ScaledParent): void {
    const { known } = this;
    const sweeps = known.size >= this.sweepAt;
    for (const other of sweeps ? known.all() : known.ofAccount(parent.account)) {
      if (!this.isOpen(other)) known.remove(other);
    }
    if (sweeps) this.sweepAt = Math.max(FIRST_SWEEP, known.size * 2);
    if (this.isOpen(parent)) known.add(parent);
  }

  private isOpen({ id, account, lastChildId }: ScaledParent): boolean {
    for (let child = id + 1; child <= lastChildId; child++) {
      if (this.finds(account, child)) return true;
    }
    return false;
  }

  /** Whether the order is open. Leaves MSG_CANCEL of it in `scratch`. */
  private finds(account: number, orderId: number): boolean {
    const { words, floats } = this.scratch;
    words.fill(0);
    words[W_HEAD] = headOf(MSG_CANCEL, 1, this.market.marketId);
    words[W_ACCOUNT] = account;
    words[W_CLIENT_REF] = NO_CLIENT_REF;
    floats[F_ORDER_ID] = orderId;
    return this.market.book.find(this.scratch, 0) !== NO_ORDER;
  }
}

function distanceOf(inbox: MessageBuffer, slot: number): number {
  return inbox.words[slot * SLOT_WORDS + W_MARK_DISTANCE] as number;
}

function readTerms(inbox: MessageBuffer, slot: number): ScaledTerms {
  const last = (slot + 1) * SLOT_WORDS;
  return {
    firstTicks: inbox.words[slot * SLOT_WORDS + W_PRICE] as number,
    lastTicks: inbox.words[last + SCALED_W_LAST_PRICE] as number,
    count: inbox.words[last + SCALED_W_COUNT] as number,
    distribution: inbox.words[last + SCALED_W_DISTRIBUTION] as number,
    totalLots: inbox.floats[slot * SLOT_FLOATS + F_QTY] as number,
  };
}
