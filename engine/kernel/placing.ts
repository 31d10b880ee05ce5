import {
  EF_EXPIRY,
  EF_VALUE,
  EW_OLD_LOSS_TICKS,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  SLOT_BYTES,
  slotsOf,
  TARGET_F_ORDER_ID,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../messages/layout.js';
import {
  CLIENT_FLAGS,
  EVT_ACCEPTED,
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_FOK_UNFILLABLE,
  REASON_IOC_REMAINDER,
  REASON_NO_LIQUIDITY,
  REASON_REPLACED,
  REASON_SHIFT,
  SIDE_BUY,
  TIER_MASK,
  TIER_SHIFT,
  TIF_FOK,
  TIF_GTC,
  TIF_GTD,
  tifOf,
} from '../messages/types.js';
import { cancelResting, enqueue, forget, ladderOf, register, reportCanceled } from './changes.js';
import { answer, floatOf, pushOrderEvent, setFloat, setWord, wordOf } from './events.js';
import { addExpiry } from './expiry.js';
import { fillsCompletely } from './fill-test.js';
import { keyOf, priceOfKey } from './ladder.js';
import {
  B_LAST_ORDER_ID,
  B_PRICE_MAX,
  H_PLACED_DISTANCE,
  H_PLACED_LOTS,
  H_PLACED_PRICE,
  L_BEST,
  O_ACCOUNT,
  O_CLIENT_REF,
  O_EXPIRY_POSITION,
  O_FLAGS,
  O_ID,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from './layout.js';
import { crosses, matchOrder } from './matching.js';
import { f64At, i32At, setF64, setI32 } from './memory.js';
import { findOrder } from './order-index.js';
import { giveOrder, NO_CLIENT_REF, ORDER_HAS_REF, restOf, takeOrder } from './orders.js';
import { closableLots } from './positions.js';
import { touch, trimTouched } from './reduce-only.js';
import {
  CODE_ORDER_IS_NOT_OPEN,
  CODE_POST_ONLY_ORDER_WOULD_CROSS,
  CODE_REDUCE_ONLY_ORDER_WOULD_NOT_REDUCE_POSITION,
} from './reject-codes.js';
import { lossTicksOf, pushRejection } from './rejections.js';
import { restPlainly } from './resting.js';
import { openRow } from './rows.js';

/** Flags of a message that an order keeps. */
const KEPT_FLAGS: i32 = CLIENT_FLAGS | (TIER_MASK << TIER_SHIFT);

/** MSG_PLACE. The steps are those of order-book.ts. */
export function place(book: i32, message: i32): void {
  if (restPlainly(book, message)) return;
  if (!resolve(book, message)) return;
  accept(book, message);
  trimTouched(book);
}

/** MSG_REPLACE; the last slot names the order that goes. */
export function replace(book: i32, message: i32): void {
  const target = message + (slotsOf(wordOf(message, W_HEAD)) - 1) * SLOT_BYTES;
  const id = floatOf(target, TARGET_F_ORDER_ID);
  const order = findOrder(book, id);
  if (order === 0 || i32At(order + O_ACCOUNT) !== wordOf(message, W_ACCOUNT)) {
    pushRejection(message, CODE_ORDER_IS_NOT_OPEN, id, 0);
    return;
  }
  if (!resolve(book, message)) return;
  cancelResting(book, order, REASON_REPLACED);
  accept(book, message);
  trimTouched(book);
}

/** The open order that the message names, 0 when it is not open or another account's. */
export function targetOf(book: i32, message: i32): i32 {
  const order = findOrder(book, floatOf(message, F_ORDER_ID));
  if (order === 0) return 0;
  return i32At(order + O_ACCOUNT) === wordOf(message, W_ACCOUNT) ? order : 0;
}

/** Steps 1 and 2: what of the order may be accepted, at which price. False when it was rejected; nothing has changed. */
function resolve(book: i32, message: i32): boolean {
  const flags = wordOf(message, W_FLAGS);
  let lots = floatOf(message, F_QTY);
  if ((flags & FLAG_REDUCE_ONLY) !== 0) {
    const closable = closableLots(book, wordOf(message, W_ACCOUNT), flags & FLAG_SIDE);
    if (closable === 0) {
      pushRejection(message, CODE_REDUCE_ONLY_ORDER_WOULD_NOT_REDUCE_POSITION, lots, 0);
      return false;
    }
    if (closable < lots) lots = closable;
  }
  setF64(H_PLACED_LOTS, lots);
  return resolvePrice(book, message, flags, wordOf(message, W_PRICE));
}

/** Post-only rule for a new or amended price. False when rejected. */
export function resolvePrice(book: i32, message: i32, flags: i32, price: i32): boolean {
  const distance = wordOf(message, W_MARK_DISTANCE);
  setI32(H_PLACED_PRICE, price);
  setI32(H_PLACED_DISTANCE, distance);
  if ((flags & FLAG_POST_ONLY) === 0) return true;
  const side = flags & FLAG_SIDE;
  const bestKey = i32At(ladderOf(book, side ^ 1) + L_BEST);
  if (bestKey > keyOf(side ^ 1, price)) return true;
  const best = priceOfKey(side ^ 1, bestKey);
  const slid = side === SIDE_BUY ? best - 1 : best + 1;
  const slides = (flags & FLAG_POST_ONLY_SLIDE) !== 0;
  if (!slides || slid < 1 || slid > i32At(book + B_PRICE_MAX)) {
    pushRejection(message, CODE_POST_ONLY_ORDER_WOULD_CROSS, price, best);
    return false;
  }
  setI32(H_PLACED_PRICE, slid);
  setI32(H_PLACED_DISTANCE, distance + slid - price);
  return true;
}

/** Steps 3–6: the order exists from here on. */
function accept(book: i32, message: i32): void {
  const order = takeOrder();
  const flags = wordOf(message, W_FLAGS) & KEPT_FLAGS;
  const side = flags & FLAG_SIDE;
  writeRecord(book, order, message, flags);
  const event = pushOrderEvent(book, EVT_ACCEPTED, order, f64At(book + B_LAST_ORDER_ID), 0);
  setFloat(event, EF_VALUE, floatOf(message, F_QTY));
  const tif = tifOf(flags);
  if (tif === TIF_GTD) setFloat(event, EF_EXPIRY, floatOf(message, F_EXPIRY));
  setWord(event, EW_OLD_LOSS_TICKS, lossTicksOf(side, wordOf(message, W_MARK_DISTANCE)));
  answer(event, message);
  if (tif === TIF_FOK && !fillsCompletely(book, order)) {
    reportCanceled(book, order, REASON_FOK_UNFILLABLE << REASON_SHIFT);
    giveOrder(order);
    return;
  }
  if (matchAndRest(book, order, false) && tif === TIF_GTD) {
    addExpiry(book, order, floatOf(message, F_EXPIRY));
  }
}

/** Quantity, price and distance are those of `resolve`. */
function writeRecord(book: i32, order: i32, message: i32, flags: i32): void {
  const account = wordOf(message, W_ACCOUNT);
  const id: f64 = f64At(book + B_LAST_ORDER_ID) + 1;
  const lots = f64At(H_PLACED_LOTS);
  setF64(book + B_LAST_ORDER_ID, id);
  const rest = restOf(order);
  const ref = wordOf(message, W_CLIENT_REF);
  setF64(rest + O_ID, id);
  setI32(rest + O_CLIENT_REF, ref);
  setI32(rest + O_EXPIRY_POSITION, 0);
  setF64(order + O_REMAINING, lots);
  setF64(order + O_TOTAL, lots);
  setI32(order + O_PRICE, i32At(H_PLACED_PRICE));
  setI32(order + O_ACCOUNT, account);
  setI32(order + O_FLAGS, ref === NO_CLIENT_REF ? flags : flags | ORDER_HAS_REF);
  setI32(order + O_LOSS_TICKS, lossTicksOf(flags & FLAG_SIDE, i32At(H_PLACED_DISTANCE)));
  openRow(book, account);
}

/**
 * Steps 5 and 6 for an order in no queue. `isRegistered`: it is already known by id and account (an amended order). True when
 * the order rests in the end.
 */
export function matchAndRest(book: i32, order: i32, isRegistered: boolean): boolean {
  if (crosses(book, order)) matchOrder(book, order);
  const flags = i32At(order + O_FLAGS);
  const hasLots = f64At(order + O_REMAINING) !== 0;
  const tif = tifOf(flags);
  const isMarket = (flags & FLAG_MARKET_ORDER) !== 0;
  if (hasLots && !isMarket && (tif === TIF_GTC || tif === TIF_GTD)) {
    if (!isRegistered) register(book, order);
    enqueue(book, order);
    if ((flags & FLAG_REDUCE_ONLY) !== 0) touch(i32At(order + O_ACCOUNT));
    return true;
  }
  if (hasLots) {
    const reason = isMarket ? REASON_NO_LIQUIDITY : REASON_IOC_REMAINDER;
    reportCanceled(book, order, reason << REASON_SHIFT);
  }
  if (isRegistered) forget(book, order);
  else giveOrder(order);
  return false;
}
