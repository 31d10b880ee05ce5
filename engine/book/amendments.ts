import {
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_REMAINING,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  EW_PRICE,
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { lossTicksOf, writeGrant } from '../messages/rejection.js';
import {
  EVT_AMENDED,
  EVT_RESERVE_AMEND,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MSG_AMEND,
  MSG_AMEND_GRANTED,
  REASON_REDUCE_ONLY,
  REASON_SHIFT,
  REASON_USER,
} from '../messages/types.js';
import type { BookStore } from './book-store.js';
import { keyOf } from './ladder.js';
import type { FillLedger } from './order-book.js';
import { cancelResting } from './order-changes.js';
import {
  FLOAT_SHIFT,
  OF_REMAINING,
  OF_TOTAL,
  OW_ACCOUNT,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';
import type { Placement } from './placement.js';

/** The rules of amending an open order, up to the point where it has to match again. */
export class Amendments {
  private readonly store: BookStore;
  private readonly placement: Placement;
  private readonly ledger: FillLedger;
  /** New total, new remaining, old remaining of the amend at work. */
  private readonly lots = new Float64Array(3);
  private lossTicks = 0;

  constructor(store: BookStore, placement: Placement, ledger: FillLedger) {
    this.store = store;
    this.placement = placement;
    this.ledger = ledger;
  }

  /**
   * Whether the amend is the market makers' everyday move: another price for what is left, no flag that has a say in it,
   * and no more to reserve. `move` does it in one step; all else goes through `apply`.
   */
  movesPlainly(inbox: MessageBuffer, slot: number, order: number): boolean {
    const w = slot << 4;
    const flags = this.store.pool.words[(order << WORD_SHIFT) | OW_FLAGS] as number;
    if ((flags & (FLAG_REDUCE_ONLY | FLAG_POST_ONLY)) !== 0) return false;
    if (inbox.words[w | W_PRICE] === 0 || inbox.floats[(slot << 3) | F_QTY] !== 0) return false;
    if (((inbox.words[w | W_HEAD] as number) & 0xff) !== MSG_AMEND) return false;
    const distance = inbox.words[w | W_MARK_DISTANCE] as number;
    const oldLoss = this.store.pool.words[(order << WORD_SHIFT) | OW_LOSS_TICKS] as number;
    return lossTicksOf(flags & FLAG_SIDE, distance) <= oldLoss;
  }

  /** The order leaves its queue for its new price; the caller lets it match or queue again. */
  move(inbox: MessageBuffer, slot: number, order: number): void {
    const store = this.store;
    const words = store.pool.words;
    const record = order << WORD_SHIFT;
    const w = slot << 4;
    const side = (words[record | OW_FLAGS] as number) & FLAG_SIDE;
    const oldPrice = words[record | OW_PRICE] as number;
    const oldLoss = words[record | OW_LOSS_TICKS] as number;
    const remaining = store.pool.floats[(order << FLOAT_SHIFT) | OF_REMAINING] as number;
    store.ladder(side).remove(order, keyOf(side, oldPrice), remaining);
    words[record | OW_PRICE] = inbox.words[w | W_PRICE] as number;
    words[record | OW_LOSS_TICKS] = lossTicksOf(side, inbox.words[w | W_MARK_DISTANCE] as number);
    const event = store.report.order(EVT_AMENDED, order, REASON_USER << REASON_SHIFT);
    const e = event << 4;
    const out = store.events.words;
    out[e + EW_OLD_PRICE] = oldPrice;
    out[e + EW_OLD_LOSS_TICKS] = oldLoss;
    store.events.floats[(event << 3) + EF_OLD_REMAINING] = remaining;
    store.report.answer(event, inbox, slot);
  }

  /** True when the order has left its queue and has to match and rest again; else the amend is done. */
  apply(inbox: MessageBuffer, slot: number, order: number): boolean {
    const pool = this.store.pool;
    const record = order << WORD_SHIFT;
    const at = order << FLOAT_SHIFT;
    const flags = pool.words[record | OW_FLAGS] as number;
    const remaining = pool.floats[at | OF_REMAINING] as number;
    const total = pool.floats[at | OF_TOTAL] as number;
    const asked = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    let newTotal = asked === 0 ? total : asked;
    let newRemaining = remaining + (newTotal - total);
    if (newRemaining <= 0) return this.cancel(inbox, slot, order, REASON_USER);
    if ((flags & FLAG_REDUCE_ONLY) !== 0) {
      const account = pool.words[record | OW_ACCOUNT] as number;
      const closable = this.ledger.closableLots(account, flags & FLAG_SIDE);
      if (closable === 0) return this.cancel(inbox, slot, order, REASON_REDUCE_ONLY);
      if (newRemaining > closable) {
        newTotal -= newRemaining - closable;
        newRemaining = closable;
      }
    }
    if (!this.resolvePrice(inbox, slot, order, flags)) return false;
    this.lots[0] = newTotal;
    this.lots[1] = newRemaining;
    this.lots[2] = remaining;
    const granted = typeOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number) === MSG_AMEND_GRANTED;
    if (!granted && this.raisesReservation(order)) {
      this.report(EVT_RESERVE_AMEND, inbox, slot, order, 0);
      return false;
    }
    return this.change(inbox, slot, order, granted);
  }

  private change(inbox: MessageBuffer, slot: number, order: number, granted: boolean): boolean {
    const store = this.store;
    const flags = store.pool.words[(order << WORD_SHIFT) | OW_FLAGS] as number;
    const oldPrice = store.pool.words[(order << WORD_SHIFT) | OW_PRICE] as number;
    const newRemaining = this.lots[1] as number;
    const oldRemaining = this.lots[2] as number;
    const keepsPlace = this.placement.price === oldPrice && newRemaining < oldRemaining;
    if (keepsPlace) {
      const side = flags & FLAG_SIDE;
      store.ladder(side).reduce(keyOf(side, oldPrice), oldRemaining - newRemaining);
    } else {
      store.dequeue(order);
    }
    const bits = REASON_USER << REASON_SHIFT;
    const event = this.report(EVT_AMENDED, inbox, slot, order, bits);
    if (granted) writeGrant(store.events, event, inbox, slot);
    store.pool.floats[(order << FLOAT_SHIFT) | OF_TOTAL] = this.lots[0] as number;
    store.pool.floats[(order << FLOAT_SHIFT) | OF_REMAINING] = newRemaining;
    store.pool.words[(order << WORD_SHIFT) | OW_PRICE] = this.placement.price;
    store.pool.words[(order << WORD_SHIFT) | OW_LOSS_TICKS] = this.lossTicks;
    return !keepsPlace;
  }

  /** Price of the message or the order's own; its loss reserve. False when post-only rejected it. */
  private resolvePrice(inbox: MessageBuffer, slot: number, order: number, flags: number): boolean {
    const oldPrice = this.store.pool.words[(order << WORD_SHIFT) | OW_PRICE] as number;
    const price = inbox.words[slot * SLOT_WORDS + W_PRICE] as number;
    if (price === 0) {
      this.placement.price = oldPrice;
      this.lossTicks = this.store.pool.words[(order << WORD_SHIFT) | OW_LOSS_TICKS] as number;
      return true;
    }
    if (!this.placement.resolvePrice(inbox, slot, flags, price)) return false;
    this.lossTicks = lossTicksOf(flags & FLAG_SIDE, this.placement.distance);
    return true;
  }

  /** Whether the margin actor has to reserve more than it holds for the order. */
  private raisesReservation(order: number): boolean {
    const newRemaining = this.lots[1] as number;
    const oldRemaining = this.lots[2] as number;
    if (newRemaining > oldRemaining) return true;
    if (this.lossTicks === 0) return false;
    const oldLoss = this.store.pool.words[(order << WORD_SHIFT) | OW_LOSS_TICKS] as number;
    if (this.lossTicks <= oldLoss) return false;
    const product = newRemaining * this.lossTicks;
    const oldProduct = oldRemaining * oldLoss;
    if (product <= Number.MAX_SAFE_INTEGER) return product > oldProduct;
    return BigInt(newRemaining) * BigInt(this.lossTicks) > BigInt(oldRemaining) * BigInt(oldLoss);
  }

  private cancel(inbox: MessageBuffer, slot: number, order: number, reason: number): boolean {
    const event = cancelResting(this.store, order, reason);
    this.store.report.answer(event, inbox, slot);
    if (typeOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number) === MSG_AMEND_GRANTED) {
      writeGrant(this.store.events, event, inbox, slot);
    }
    return false;
  }

  /** Event of the old record with the new values; call before the record changes. */
  private report(
    type: number,
    inbox: MessageBuffer,
    slot: number,
    order: number,
    flagBits: number,
  ): number {
    const store = this.store;
    const event = store.report.order(type, order, flagBits);
    const w = event * SLOT_WORDS;
    const f = event * SLOT_FLOATS;
    const record = order << WORD_SHIFT;
    const events = store.events;
    events.floats[f + EF_LOTS] = this.lots[0] as number;
    events.floats[f + EF_REMAINING] = this.lots[1] as number;
    events.floats[f + EF_OLD_REMAINING] = this.lots[2] as number;
    events.words[w + EW_PRICE] = this.placement.price;
    events.words[w + EW_OLD_PRICE] = store.pool.words[record | OW_PRICE] as number;
    events.words[w + EW_OLD_LOSS_TICKS] = store.pool.words[record | OW_LOSS_TICKS] as number;
    events.words[w + EW_LOSS_TICKS] = this.lossTicks;
    store.report.answer(event, inbox, slot);
    return event;
  }
}
