import { EF_LOTS, EF_OLD_REMAINING, EW_OLD_LOSS_TICKS, EW_OLD_PRICE } from '../messages/layout.js';
import {
  EVT_AMENDED,
  EVT_CANCELED,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_SHIFT,
} from '../messages/types.js';
import { pushOrderEvent, setFloat, setWord } from './events.js';
import { removeExpiry } from './expiry.js';
import { appendOrder, keyOf, reduceLevel, removeOrder } from './ladder.js';
import {
  B_LADDERS,
  B_OPEN_ORDERS,
  L_REDUCE_ONLY,
  LADDER_SHIFT,
  O_ACCOUNT,
  O_FLAGS,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
  R_NODE,
  R_OPEN_ORDERS,
  R_REDUCE_ONLY_ORDERS,
} from './layout.js';
import { linkFirst, unlink } from './lists.js';
import { f64At, i32At, setF64, setI32 } from './memory.js';
import { indexOrder, unindexOrder } from './order-index.js';
import { giveOrder, idOf, listNodeOf } from './orders.js';
import { rowOf } from './rows.js';

/**
 * The moves that keep the parts of a book in step: an open order is in its level's queue, in the id index, in its account's
 * list and, when it expires, in the expiry queue.
 */

export function ladderOf(book: i32, side: i32): i32 {
  return book + B_LADDERS + (side << LADDER_SHIFT);
}

/** Puts an order at the end of its price's queue. */
export function enqueue(book: i32, order: i32): void {
  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  const key = keyOf(side, i32At(order + O_PRICE));
  appendOrder(ladderOf(book, side), order, key, f64At(order + O_REMAINING));
}

/** Takes an order, with what it has left, out of its price's queue. */
export function dequeue(book: i32, order: i32): void {
  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  const key = keyOf(side, i32At(order + O_PRICE));
  removeOrder(ladderOf(book, side), order, key, f64At(order + O_REMAINING));
}

/** Makes the order findable by id and by account. Its expiry is added by the caller. */
export function register(book: i32, order: i32): void {
  indexOrder(book, order, idOf(order));
  setI32(book + B_OPEN_ORDERS, i32At(book + B_OPEN_ORDERS) + 1);
  const row = rowOf(book, i32At(order + O_ACCOUNT));
  linkFirst(row + R_NODE, listNodeOf(order));
  setI32(row + R_OPEN_ORDERS, i32At(row + R_OPEN_ORDERS) + 1);
  countReduceOnly(book, order, row, 1);
}

/** Undoes `register` and frees the record. The order is no longer in a queue. */
export function forget(book: i32, order: i32): void {
  unindexOrder(book, order, idOf(order));
  removeExpiry(book, order);
  setI32(book + B_OPEN_ORDERS, i32At(book + B_OPEN_ORDERS) - 1);
  const row = rowOf(book, i32At(order + O_ACCOUNT));
  unlink(listNodeOf(order));
  setI32(row + R_OPEN_ORDERS, i32At(row + R_OPEN_ORDERS) - 1);
  countReduceOnly(book, order, row, -1);
  giveOrder(order);
}

/** Writes EVT_CANCELED for what the order has left. */
export function reportCanceled(book: i32, order: i32, flagBits: i32): i32 {
  const event = pushOrderEvent(book, EVT_CANCELED, order, idOf(order), flagBits);
  setFloat(event, EF_LOTS, 0);
  return event;
}

/** A resting order leaves the book for `reason`. Returns the event. */
export function cancelResting(book: i32, order: i32, reason: i32): i32 {
  const event = reportCanceled(book, order, reason << REASON_SHIFT);
  dequeue(book, order);
  forget(book, order);
  return event;
}

/** A resting order loses `lots` of its total and remaining in place; it has more than that left. */
export function cutResting(book: i32, order: i32, lots: f64, reason: i32): void {
  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  reduceLevel(ladderOf(book, side), keyOf(side, i32At(order + O_PRICE)), lots);
  cutRecord(book, order, lots, reason);
}

/** Like `cutResting` for an order that is in no queue (a taker). */
export function cutRecord(book: i32, order: i32, lots: f64, reason: i32): void {
  const before = f64At(order + O_REMAINING);
  setF64(order + O_REMAINING, before - lots);
  setF64(order + O_TOTAL, f64At(order + O_TOTAL) - lots);
  const event = pushOrderEvent(book, EVT_AMENDED, order, idOf(order), reason << REASON_SHIFT);
  setFloat(event, EF_OLD_REMAINING, before);
  setWord(event, EW_OLD_PRICE, i32At(order + O_PRICE));
  setWord(event, EW_OLD_LOSS_TICKS, i32At(order + O_LOSS_TICKS));
}

function countReduceOnly(book: i32, order: i32, row: i32, change: i32): void {
  const flags = i32At(order + O_FLAGS);
  if ((flags & FLAG_REDUCE_ONLY) === 0) return;
  setI32(row + R_REDUCE_ONLY_ORDERS, i32At(row + R_REDUCE_ONLY_ORDERS) + change);
  const side = ladderOf(book, flags & FLAG_SIDE);
  setI32(side + L_REDUCE_ONLY, i32At(side + L_REDUCE_ONLY) + change);
}
