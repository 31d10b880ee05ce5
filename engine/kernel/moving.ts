import {
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_ORDER_ID,
  EF_REMAINING,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  F_ORDER_ID,
  F_QTY,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import {
  EVT_AMENDED,
  FLAG_CLIENT_TEXT,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MSG_AMEND,
  REASON_SHIFT,
  REASON_USER,
} from '../messages/types.js';
import { ladderOf } from './changes.js';
import { floatOf, pushEvent, setFloat, setWord, wordOf } from './events.js';
import { keyOf, moveOrder } from './ladder.js';
import {
  B_HEAD,
  L_BEST,
  O_ACCOUNT,
  O_FLAGS,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from './layout.js';
import { f64At, i32At, setI32 } from './memory.js';
import { ORDER_HAS_REF } from './orders.js';
import { lossTicksOf } from './rejections.js';

/** Flags that make a move special: their rules, or an event with more in it. */
const SPECIAL_FLAGS: i32 = FLAG_REDUCE_ONLY | FLAG_POST_ONLY | FLAG_CLIENT_TEXT | ORDER_HAS_REF;
const AMENDED_HEAD: i32 = EVT_AMENDED | (EVENT_SLOTS << 8);

/**
 * The market makers' everyday amend in one go: another price for what is left of an order, which meets nobody there and has no
 * more to reserve. False: it is not that, nothing has changed, and `amend` judges it step by
 * step. What it does is what `amend` would do.
 */
export function movePlainly(book: i32, message: i32, order: i32): boolean {
  const price = wordOf(message, W_PRICE);
  const flags = i32At(order + O_FLAGS);
  if (price === 0 || (flags & SPECIAL_FLAGS) !== 0 || floatOf(message, F_QTY) !== 0) return false;
  if (typeOf(wordOf(message, W_HEAD)) !== MSG_AMEND) return false;
  const side = flags & FLAG_SIDE;
  const loss = lossTicksOf(side, wordOf(message, W_MARK_DISTANCE));
  const oldLoss = i32At(order + O_LOSS_TICKS);
  if (loss > oldLoss || !isFree(book, side, price)) return false;
  const oldPrice = i32At(order + O_PRICE);
  const remaining = f64At(order + O_REMAINING);
  moveOrder(ladderOf(book, side), order, keyOf(side, oldPrice), keyOf(side, price), remaining);
  setI32(order + O_PRICE, price);
  setI32(order + O_LOSS_TICKS, loss);
  const event = pushEvent(EVENT_SLOTS);
  setWord(event, W_HEAD, AMENDED_HEAD | i32At(book + B_HEAD));
  setWord(event, W_ACCOUNT, i32At(order + O_ACCOUNT));
  setFloat(event, EF_ORDER_ID, floatOf(message, F_ORDER_ID));
  setFloat(event, EF_LOTS, f64At(order + O_TOTAL));
  setFloat(event, EF_REMAINING, remaining);
  setFloat(event, EF_OLD_REMAINING, remaining);
  setWord(event, EW_PRICE, price);
  setWord(event, EW_OLD_PRICE, oldPrice);
  setWord(event, EW_FLAGS, flags | (REASON_USER << REASON_SHIFT));
  setWord(event, EW_SESSION, wordOf(message, W_SESSION));
  setWord(event, EW_REQUEST, wordOf(message, W_REQUEST));
  setWord(event, EW_LOSS_TICKS, loss);
  setWord(event, EW_OLD_LOSS_TICKS, oldLoss);
  setWord(event, EW_CLIENT_REF, -1);
  return true;
}

/** Whether an order of this side would meet nobody at the price. */
export function isFree(book: i32, side: i32, price: i32): boolean {
  return i32At(ladderOf(book, side ^ 1) + L_BEST) > keyOf(side ^ 1, price);
}
