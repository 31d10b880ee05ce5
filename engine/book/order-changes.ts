import {
  EF_LOTS,
  EF_OLD_REMAINING,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
} from '../messages/layout.js';
import { EVT_AMENDED, EVT_CANCELED, FLAG_SIDE, REASON_SHIFT } from '../messages/types.js';
import type { BookStore } from './book-store.js';
import { keyOf } from './ladder.js';
import {
  FLOAT_SHIFT,
  OF_REMAINING,
  OF_TOTAL,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';

/** Writes EVT_CANCELED for what the order has left. Returns the event's slot. */
export function reportCanceled(store: BookStore, order: number, flagBits: number): number {
  const slot = store.report.order(EVT_CANCELED, order, flagBits);
  store.events.floats[slot * SLOT_FLOATS + EF_LOTS] = 0;
  return slot;
}

/** A resting order leaves the book for `reason`. Returns the event's slot. */
export function cancelResting(store: BookStore, order: number, reason: number): number {
  const slot = reportCanceled(store, order, reason << REASON_SHIFT);
  store.leave(order);
  return slot;
}

/** A resting order loses `lots` of its total and remaining in place; it has more than that left. */
export function cutResting(store: BookStore, order: number, lots: number, reason: number): void {
  const record = order << WORD_SHIFT;
  const side = (store.pool.words[record | OW_FLAGS] as number) & FLAG_SIDE;
  store.ladder(side).reduce(keyOf(side, store.pool.words[record | OW_PRICE] as number), lots);
  cutRecord(store, order, lots, reason);
}

/** Like `cutResting` for an order that is in no queue (a taker). */
export function cutRecord(store: BookStore, order: number, lots: number, reason: number): void {
  const floats = store.pool.floats;
  const at = order << FLOAT_SHIFT;
  const before = floats[at | OF_REMAINING] as number;
  floats[at | OF_REMAINING] = before - lots;
  floats[at | OF_TOTAL]! -= lots;
  const record = order << WORD_SHIFT;
  const slot = store.report.order(EVT_AMENDED, order, reason << REASON_SHIFT);
  store.events.floats[slot * SLOT_FLOATS + EF_OLD_REMAINING] = before;
  const w = slot * SLOT_WORDS;
  store.events.words[w + EW_OLD_PRICE] = store.pool.words[record | OW_PRICE] as number;
  store.events.words[w + EW_OLD_LOSS_TICKS] = store.pool.words[record | OW_LOSS_TICKS] as number;
}
