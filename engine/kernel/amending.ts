import {
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_REMAINING,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  EW_PRICE,
  F_GRANT_OLD_REMAINING,
  F_GRANT_REMAINING,
  F_ORDER_ID,
  F_QTY,
  typeOf,
  W_GRANT_OLD_LOSS_TICKS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../messages/layout.js';
import {
  EVT_AMENDED,
  EVT_RESERVE_AMEND,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MSG_AMEND_GRANTED,
  REASON_REDUCE_ONLY,
  REASON_SHIFT,
  REASON_USER,
} from '../messages/types.js';
import { productExceeds } from '../units/mul-div.js';
import { cancelResting, dequeue, ladderOf } from './changes.js';
import { answer, floatOf, pushOrderEvent, setFloat, setWord, wordOf } from './events.js';
import { keyOf, reduceLevel } from './ladder.js';
import {
  H_AMEND_LOSS_TICKS,
  H_AMEND_OLD_REMAINING,
  H_AMEND_REMAINING,
  H_AMEND_TOTAL,
  H_PLACED_DISTANCE,
  H_PLACED_PRICE,
  O_ACCOUNT,
  O_FLAGS,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from './layout.js';
import { f64At, i32At, setF64, setI32 } from './memory.js';
import { movePlainly } from './moving.js';
import { matchAndRest, resolvePrice, targetOf } from './placing.js';
import { closableLots } from './positions.js';
import { trimTouched } from './reduce-only.js';
import { CODE_ORDER_IS_NOT_OPEN } from './reject-codes.js';
import { echoGrant, lossTicksOf, pushRejection } from './rejections.js';

/** MSG_AMEND and MSG_AMEND_GRANTED. The steps are those of order-book.ts. */
export function amend(book: i32, message: i32): void {
  const order = targetOf(book, message);
  if (order === 0) {
    pushRejection(message, CODE_ORDER_IS_NOT_OPEN, floatOf(message, F_ORDER_ID), 0);
    return;
  }
  if (movePlainly(book, message, order)) return;
  if (resolveAmend(book, message, order) && change(book, message, order)) {
    matchAndRest(book, order, true);
  }
  trimTouched(book);
}

/** Steps 1–4. True when the order is to be changed as H_AMEND_… and H_PLACED_PRICE say; else the amend is done. */
function resolveAmend(book: i32, message: i32, order: i32): boolean {
  const flags = i32At(order + O_FLAGS);
  const remaining = f64At(order + O_REMAINING);
  const total = f64At(order + O_TOTAL);
  const asked = floatOf(message, F_QTY);
  let newTotal: f64 = asked === 0 ? total : asked;
  let newRemaining: f64 = remaining + (newTotal - total);
  if (newRemaining <= 0) return cancelInstead(book, message, order, REASON_USER);
  if ((flags & FLAG_REDUCE_ONLY) !== 0) {
    const closable = closableLots(book, i32At(order + O_ACCOUNT), flags & FLAG_SIDE);
    if (closable === 0) return cancelInstead(book, message, order, REASON_REDUCE_ONLY);
    if (newRemaining > closable) {
      newTotal -= newRemaining - closable;
      newRemaining = closable;
    }
  }
  if (!resolveAmendedPrice(book, message, order, flags)) return false;
  setF64(H_AMEND_TOTAL, newTotal);
  setF64(H_AMEND_REMAINING, newRemaining);
  setF64(H_AMEND_OLD_REMAINING, remaining);
  if (isGranted(message) ? exceedsGrant(message, order) : raisesReservation(order)) {
    const event = reportAmend(book, EVT_RESERVE_AMEND, message, order, 0);
    if (isGranted(message)) echoGrant(event, message);
    return false;
  }
  return true;
}

/** Price of the message or the order's own; its loss reserve. False when post-only rejected it. */
function resolveAmendedPrice(book: i32, message: i32, order: i32, flags: i32): boolean {
  const price = wordOf(message, W_PRICE);
  if (price === 0) {
    setI32(H_PLACED_PRICE, i32At(order + O_PRICE));
    setI32(H_AMEND_LOSS_TICKS, i32At(order + O_LOSS_TICKS));
    return true;
  }
  if (!resolvePrice(book, message, flags, price)) return false;
  setI32(H_AMEND_LOSS_TICKS, lossTicksOf(flags & FLAG_SIDE, i32At(H_PLACED_DISTANCE)));
  return true;
}

/** Whether the margin actor has to reserve more than it holds for the order. */
function raisesReservation(order: i32): boolean {
  const newRemaining = f64At(H_AMEND_REMAINING);
  const oldRemaining = f64At(H_AMEND_OLD_REMAINING);
  if (newRemaining > oldRemaining) return true;
  const loss = i32At(H_AMEND_LOSS_TICKS);
  const oldLoss = i32At(order + O_LOSS_TICKS);
  return loss > oldLoss && productExceeds(newRemaining, loss, oldRemaining, oldLoss);
}

/**
 * Whether the order has become smaller since the grant was asked for, so that more is missing now than was granted: another amend
 * was on its way. All products are within 2^53, because the grant's were checked against the limits.
 */
function exceedsGrant(message: i32, order: i32): boolean {
  const remaining = f64At(order + O_REMAINING);
  const newRemaining = f64At(H_AMEND_REMAINING);
  const granted = floatOf(message, F_GRANT_REMAINING);
  const asked = floatOf(message, F_GRANT_OLD_REMAINING);
  if (newRemaining - remaining > raiseOf(granted - asked)) return true;
  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  const grantedLoss = lossTicksOf(side, wordOf(message, W_MARK_DISTANCE));
  const askedLoss = wordOf(message, W_GRANT_OLD_LOSS_TICKS);
  const more: f64 =
    newRemaining * i32At(H_AMEND_LOSS_TICKS) - remaining * i32At(order + O_LOSS_TICKS);
  return more > raiseOf(granted * grantedLoss - asked * askedLoss);
}

/** A grant never lowers a reservation. */
function raiseOf(change: f64): f64 {
  return change > 0 ? change : 0;
}

/** Steps 5 and 6. True when the order has left its queue and has to match and rest again. */
function change(book: i32, message: i32, order: i32): boolean {
  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  const oldPrice = i32At(order + O_PRICE);
  const price = i32At(H_PLACED_PRICE);
  const newRemaining = f64At(H_AMEND_REMAINING);
  const oldRemaining = f64At(H_AMEND_OLD_REMAINING);
  const keepsPlace = price === oldPrice && newRemaining < oldRemaining;
  if (keepsPlace) {
    reduceLevel(ladderOf(book, side), keyOf(side, oldPrice), oldRemaining - newRemaining);
  } else {
    dequeue(book, order);
  }
  const event = reportAmend(book, EVT_AMENDED, message, order, REASON_USER << REASON_SHIFT);
  if (isGranted(message)) echoGrant(event, message);
  setF64(order + O_TOTAL, f64At(H_AMEND_TOTAL));
  setF64(order + O_REMAINING, newRemaining);
  setI32(order + O_PRICE, price);
  setI32(order + O_LOSS_TICKS, i32At(H_AMEND_LOSS_TICKS));
  return !keepsPlace;
}

function cancelInstead(book: i32, message: i32, order: i32, reason: i32): boolean {
  const event = cancelResting(book, order, reason);
  answer(event, message);
  if (isGranted(message)) echoGrant(event, message);
  return false;
}

function isGranted(message: i32): boolean {
  return typeOf(wordOf(message, W_HEAD)) === MSG_AMEND_GRANTED;
}

/** Event of the old record with the new values; call before the record changes. */
function reportAmend(book: i32, type: i32, message: i32, order: i32, bits: i32): i32 {
  const event = pushOrderEvent(book, type, order, floatOf(message, F_ORDER_ID), bits);
  setFloat(event, EF_LOTS, f64At(H_AMEND_TOTAL));
  setFloat(event, EF_REMAINING, f64At(H_AMEND_REMAINING));
  setFloat(event, EF_OLD_REMAINING, f64At(H_AMEND_OLD_REMAINING));
  setWord(event, EW_PRICE, i32At(H_PLACED_PRICE));
  setWord(event, EW_OLD_PRICE, i32At(order + O_PRICE));
  setWord(event, EW_OLD_LOSS_TICKS, i32At(order + O_LOSS_TICKS));
  setWord(event, EW_LOSS_TICKS, i32At(H_AMEND_LOSS_TICKS));
  answer(event, message);
  return event;
}
