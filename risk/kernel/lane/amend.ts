import { dequeue, ladderOf } from '../../../engine/kernel/changes.js';
import {
  floatOf,
  pushOrderEvent,
  setFloat,
  setWord,
  wordOf,
} from '../../../engine/kernel/events.js';
import { appendOrder, keyOf, reduceLevel, removeOrder } from '../../../engine/kernel/ladder.js';
import {
  B_PRICE_MAX,
  E_LENGTH,
  L_BEST,
  O_ACCOUNT,
  O_FLAGS,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from '../../../engine/kernel/layout.js';
import { f64At, i32At, setF64, setI32 } from '../../../engine/kernel/memory.js';
import { findOrder } from '../../../engine/kernel/order-index.js';
import { matchAndRest } from '../../../engine/kernel/placing.js';
import { trimTouched } from '../../../engine/kernel/reduce-only.js';
import { lossTicksOf } from '../../../engine/kernel/rejections.js';
import { rowOf } from '../../../engine/kernel/rows.js';
import {
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_OLD_REMAINING,
  EW_FLAGS,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
  F_ORDER_ID,
  F_QTY,
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
import {
  G_HOMES_ELSEWHERE,
  LANE_HAS_REFERENCES,
  LANE_NOT_DONE,
  M_BUY_LIMIT,
  M_LOTS_MAX,
  M_MARK,
  M_SELL_LIMIT,
  M_STATE,
  M_VALUE_MIN,
  STATE_OPEN,
} from '../layout.js';
import { addOpen, tryReserve } from '../reservation.js';
import { completeAnswer, settleRest } from './events.js';

const USER_BITS: i32 = REASON_USER << REASON_SHIFT;

/**
 * CMD_AMEND by order id: a move to another price that crosses nobody, in one go; any other price and size in `amendAny`. Orders
 * that only reduce a position take the long way.
 */
export function laneAmend(book: i32, message: i32, account: i32, record: i32, sequence: f64): i32 {
  const id = floatOf(message, F_ORDER_ID);
  const order = findOrder(book, id);
  if (order === 0 || i32At(order + O_ACCOUNT) !== account) return LANE_NOT_DONE;
  const flags = i32At(order + O_FLAGS);
  if ((flags & FLAG_REDUCE_ONLY) !== 0) return LANE_NOT_DONE;
  const price = wordOf(message, W_PRICE);
  const side = flags & FLAG_SIDE;
  if (
    price === 0 ||
    floatOf(message, F_QTY) !== 0 ||
    i32At(ladderOf(book, side ^ 1) + L_BEST) <= keyOf(side ^ 1, price)
  ) {
    return amendAny(book, message, order, record, sequence);
  }
  const mark = i32At(book + M_MARK);
  if (!admitsPrice(book, side, price, mark)) return LANE_NOT_DONE;
  if (price * f64At(order + O_TOTAL) < f64At(book + M_VALUE_MIN)) return LANE_NOT_DONE;
  const remaining = f64At(order + O_REMAINING);
  const loss = lossTicksOf(side, price - mark);
  const oldLoss = i32At(order + O_LOSS_TICKS);
  if (loss !== oldLoss) {
    const row = rowOf(book, account);
    const more: f64 = remaining * loss - remaining * oldLoss;
    if (loss < oldLoss) addOpen(row, side, 0, more);
    else if (tryReserve(book, account, record, row, side, price, 0, more) !== 0) {
      return LANE_NOT_DONE;
    }
    setI32(order + O_LOSS_TICKS, loss);
  }
  const ladder = ladderOf(book, side);
  const oldPrice = i32At(order + O_PRICE);
  removeOrder(ladder, order, keyOf(side, oldPrice), remaining);
  setI32(order + O_PRICE, price);
  appendOrder(ladder, order, keyOf(side, price), remaining);
  const event = pushOrderEvent(book, EVT_AMENDED, order, id, USER_BITS);
  setFloat(event, EF_OLD_REMAINING, remaining);
  setWord(event, EW_OLD_PRICE, oldPrice);
  setWord(event, EW_OLD_LOSS_TICKS, oldLoss);
  if (loss > oldLoss) showGrant(event, remaining, remaining, loss, oldLoss);
  return completeAnswer(event, message, record, sequence);
}

/** The steps of `amend` (engine/kernel/amending.ts) and of both actors around it, for whatever changes and crosses. */
function amendAny(book: i32, message: i32, order: i32, record: i32, sequence: f64): i32 {
  const flags = i32At(order + O_FLAGS);
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
  if (!admitsPrice(book, side, price, mark) || !admitsLots(book, newTotal)) return LANE_NOT_DONE;
  const isSmaller = price === oldPrice && newTotal < total;
  if (!isSmaller && price * newTotal < f64At(book + M_VALUE_MIN)) return LANE_NOT_DONE;
  const newRemaining: f64 = remaining + (newTotal - total);
  if (newRemaining <= 0) return LANE_NOT_DONE;
  if (i32At(ladderOf(book, side ^ 1) + L_BEST) <= keyOf(side ^ 1, price)) {
    if ((flags & FLAG_POST_ONLY) !== 0 || i32At(G_HOMES_ELSEWHERE) !== 0) return LANE_NOT_DONE;
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
  const event = pushOrderEvent(book, EVT_AMENDED, order, floatOf(message, F_ORDER_ID), USER_BITS);
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
 * Market open, price in its range and band, and at most twice the mark (0 when there is none): up to there, what the account has
 * open stays exact; beyond, its worst value has to be looked at.
 */
function admitsPrice(book: i32, side: i32, price: i32, mark: i32): boolean {
  if (i32At(book + M_STATE) !== STATE_OPEN || price < 1 || price > i32At(book + B_PRICE_MAX)) {
    return false;
  }
  if (price - mark > mark) return false;
  return side === 0 ? price <= i32At(book + M_BUY_LIMIT) : price >= i32At(book + M_SELL_LIMIT);
}

function admitsLots(book: i32, lots: f64): boolean {
  return lots >= 1 && lots <= f64At(book + M_LOTS_MAX) && Math.floor(lots) === lots;
}
