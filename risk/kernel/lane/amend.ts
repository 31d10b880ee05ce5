import { dequeue, ladderOf } from '../../../engine/kernel/changes.js';
import {
  floatOf,
  pushEvent,
  pushOrderEvent,
  setFloat,
  setWord,
  slotsOfEvents,
  wordOf,
} from '../../../engine/kernel/events.js';
import { keyOf, moveOrder, reduceLevel } from '../../../engine/kernel/ladder.js';
import {
  B_HEAD,
  E_LENGTH,
  O_ACCOUNT,
  O_FLAGS,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from '../../../engine/kernel/layout.js';
import { f64At, i32At, setF64, setI32 } from '../../../engine/kernel/memory.js';
import { isFree } from '../../../engine/kernel/moving.js';
import { findOrder } from '../../../engine/kernel/order-index.js';
import { clientRefOf, ORDER_HAS_REF } from '../../../engine/kernel/orders.js';
import { matchAndRest } from '../../../engine/kernel/placing.js';
import { trimTouched } from '../../../engine/kernel/reduce-only.js';
import { lossTicksOf } from '../../../engine/kernel/rejections.js';
import { rowOf } from '../../../engine/kernel/rows.js';
import {
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_ORDER_ID,
  EF_REMAINING,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  EW_PRICE,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
  F_QTY,
  W_ACCOUNT,
  W_HEAD,
  W_PRICE,
} from '../../../engine/messages/layout.js';
import {
  EVT_AMENDED,
  FLAG_GRANTED,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_SHIFT,
  REASON_USER,
} from '../../../engine/messages/types.js';
import { productExceeds } from '../../../engine/units/mul-div.js';
import { LANE_HAS_REFERENCES, LANE_NOT_DONE, M_MARK, M_VALUE_MIN } from '../layout.js';
import { addOpen, tryReserve } from '../reservation.js';
import { admitsInterest, admitsLots, admitsPrice, leavesTrades } from './admission.js';
import { completeAnswer, settleRest } from './events.js';

const USER_BITS: i32 = REASON_USER << REASON_SHIFT;

/**
 * CMD_AMEND of the order with this id. In one go: the market makers' everyday move of all that is left to another price, where it meets nobody.
 * Anything else in `amendAny`. Reduce-only orders take the long way.
 */
export function laneAmend(
  book: i32,
  message: i32,
  id: f64,
  account: i32,
  record: i32,
  sequence: f64,
): i32 {
  const order = findOrder(book, id);
  if (order === 0 || i32At(order + O_ACCOUNT) !== account) return LANE_NOT_DONE;
  const flags = i32At(order + O_FLAGS);
  const price = wordOf(message, W_PRICE);
  const side = flags & FLAG_SIDE;
  const oldPrice = i32At(order + O_PRICE);
  if (
    (flags & FLAG_REDUCE_ONLY) !== 0 ||
    price === 0 ||
    floatOf(message, F_QTY) !== 0 ||
    !isFree(book, side, price)
  ) {
    return amendAny(book, message, order, id, record, sequence);
  }
  const mark = i32At(book + M_MARK);
  const total = f64At(order + O_TOTAL);
  if (!isPlainPrice(book, side, price, mark)) return LANE_NOT_DONE;
  if (price * total < f64At(book + M_VALUE_MIN)) return LANE_NOT_DONE;
  const remaining = f64At(order + O_REMAINING);
  const loss = lossTicksOf(side, price - mark);
  const oldLoss = i32At(order + O_LOSS_TICKS);
  if (loss !== oldLoss && !changesLoss(book, record, order, price, loss)) return LANE_NOT_DONE;
  moveOrder(ladderOf(book, side), order, keyOf(side, oldPrice), keyOf(side, price), remaining);
  setI32(order + O_PRICE, price);
  setI32(order + O_LOSS_TICKS, loss);
  const slots = slotsOfEvents(flags);
  const event = pushEvent(slots);
  setWord(event, W_HEAD, EVT_AMENDED | (slots << 8) | i32At(book + B_HEAD));
  setWord(event, W_ACCOUNT, account);
  setFloat(event, EF_ORDER_ID, id);
  setFloat(event, EF_LOTS, total);
  setFloat(event, EF_REMAINING, remaining);
  setFloat(event, EF_OLD_REMAINING, remaining);
  setWord(event, EW_PRICE, price);
  setWord(event, EW_OLD_PRICE, oldPrice);
  setWord(event, EW_FLAGS, (flags & ~ORDER_HAS_REF) | USER_BITS);
  setWord(event, EW_LOSS_TICKS, loss);
  setWord(event, EW_OLD_LOSS_TICKS, oldLoss);
  setWord(event, EW_CLIENT_REF, clientRefOf(order));
  if (loss > oldLoss) showGrant(event, remaining, remaining, loss, oldLoss);
  return completeAnswer(event, message, record, sequence);
}

/** Reserves what a move to this price needs more, or gives back what it needs less. False: refused, nothing has changed. */
function changesLoss(book: i32, record: i32, order: i32, price: i32, loss: i32): boolean {
  const account = i32At(order + O_ACCOUNT);
  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  const remaining = f64At(order + O_REMAINING);
  const oldLoss = i32At(order + O_LOSS_TICKS);
  const row = rowOf(book, account);
  const more: f64 = remaining * loss - remaining * oldLoss;
  if (loss < oldLoss) {
    addOpen(row, side, 0, more);
    return true;
  }
  // After a grant the market looks at the size as well, which may be from before its limit.
  if (!admitsLots(book, f64At(order + O_TOTAL))) return false;
  return tryReserve(book, account, record, row, side, price, 0, more) === 0;
}

/** The steps of `amend` (engine/kernel/amending.ts) and of both actors around it, for whatever changes and crosses. */
function amendAny(book: i32, message: i32, order: i32, id: f64, record: i32, sequence: f64): i32 {
  const flags = i32At(order + O_FLAGS);
  if ((flags & FLAG_REDUCE_ONLY) !== 0) return LANE_NOT_DONE;
  const side = flags & FLAG_SIDE;
  const total = f64At(order + O_TOTAL);
  const remaining = f64At(order + O_REMAINING);
  const oldPrice = i32At(order + O_PRICE);
  const oldLoss = i32At(order + O_LOSS_TICKS);
  const mark = i32At(book + M_MARK);
  const asked = floatOf(message, F_QTY);
  const askedPrice = wordOf(message, W_PRICE);
  const price = askedPrice === 0 ? oldPrice : askedPrice;
  const newTotal: f64 = asked === 0 ? total : asked;
  if (asked === 0 && askedPrice === 0) return LANE_NOT_DONE;
  if (!isPlainPrice(book, side, price, mark) || !admitsLots(book, newTotal)) return LANE_NOT_DONE;
  const isSmaller = price === oldPrice && newTotal < total;
  if (!isSmaller && price * newTotal < f64At(book + M_VALUE_MIN)) return LANE_NOT_DONE;
  if (newTotal > total && !admitsInterest(book, newTotal - total)) return LANE_NOT_DONE;
  const newRemaining: f64 = remaining + (newTotal - total);
  if (newRemaining <= 0) return LANE_NOT_DONE;
  if (!isFree(book, side, price)) {
    if ((flags & FLAG_POST_ONLY) !== 0 || leavesTrades(book)) return LANE_NOT_DONE;
  }
  const loss = askedPrice === 0 ? oldLoss : lossTicksOf(side, price - mark);
  const lots: f64 = newRemaining - remaining;
  const value: f64 = newRemaining * loss - remaining * oldLoss;
  const row = rowOf(book, i32At(order + O_ACCOUNT));
  const asks =
    lots > 0 || (loss > oldLoss && productExceeds(newRemaining, loss, remaining, oldLoss));
  if (!asks) addOpen(row, side, lots, value);
  else {
    const account = i32At(order + O_ACCOUNT);
    if (tryReserve(book, account, record, row, side, price, lots, value) !== 0)
      return LANE_NOT_DONE;
  }
  const keepsPlace = price === oldPrice && lots < 0;
  if (keepsPlace) reduceLevel(ladderOf(book, side), keyOf(side, oldPrice), -lots);
  else dequeue(book, order);
  setF64(order + O_TOTAL, newTotal);
  setF64(order + O_REMAINING, newRemaining);
  setI32(order + O_PRICE, price);
  setI32(order + O_LOSS_TICKS, loss);
  const event = pushOrderEvent(book, EVT_AMENDED, order, id, USER_BITS);
  setFloat(event, EF_OLD_REMAINING, remaining);
  setWord(event, EW_OLD_PRICE, oldPrice);
  setWord(event, EW_OLD_LOSS_TICKS, oldLoss);
  if (asks) showGrant(event, newRemaining, remaining, loss, oldLoss);
  const result = completeAnswer(event, message, record, sequence);
  if (keepsPlace) return result;
  const first = i32At(E_LENGTH);
  matchAndRest(book, order, true);
  trimTouched(book);
  const rest = settleRest(book, first, sequence);
  return result === LANE_HAS_REFERENCES ? result : rest;
}

/** On the long way the market would have asked for the larger reserve, and echoed the grant. */
function showGrant(event: i32, granted: f64, remaining: f64, loss: i32, oldLoss: i32): void {
  setWord(event, EW_FLAGS, wordOf(event, EW_FLAGS) | FLAG_GRANTED);
  setFloat(event, EF_GRANTED_REMAINING, granted);
  setFloat(event, EF_GRANT_OLD_REMAINING, remaining);
  setWord(event, EW_RESERVED_LOSS_TICKS, loss);
  setWord(event, EW_RESERVED_OLD_LOSS_TICKS, oldLoss);
}

/**
 * Up to twice the mark, what the account has open stays exact; beyond, its worst value would have to be looked at. (Sum and
 * product could pass 2^31.)
 */
function isPlainPrice(book: i32, side: i32, price: i32, mark: i32): boolean {
  return price - mark <= mark && admitsPrice(book, side, price);
}
