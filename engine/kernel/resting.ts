import {
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import {
  EVT_ACCEPTED,
  FLAG_POST_ONLY,
  FLAG_SIDE,
  STP_MASK,
  STP_SHIFT,
  TIER_MASK,
  TIER_SHIFT,
} from '../messages/types.js';
import { ladderOf } from './changes.js';
import { floatOf, pushEvent, setFloat, setWord, wordOf } from './events.js';
import { appendOrder, keyOf } from './ladder.js';
import {
  B_HEAD,
  B_LAST_ORDER_ID,
  B_OPEN_ORDERS,
  O_ACCOUNT,
  O_EXPIRY_POSITION,
  O_FLAGS,
  O_ID,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
  R_NODE,
  R_OPEN_ORDERS,
} from './layout.js';
import { linkFirst } from './lists.js';
import { f64At, i32At, setF64, setI32 } from './memory.js';
import { isFree } from './moving.js';
import { indexOrder } from './order-index.js';
import { listNodeOf, NO_CLIENT_REF, restOf, takeOrder } from './orders.js';
import { lossTicksOf } from './rejections.js';
import { openRow } from './rows.js';

/** Side, fee tier, and what matters only when the order meets somebody. */
const PLAIN_FLAGS: i32 =
  FLAG_SIDE | FLAG_POST_ONLY | (STP_MASK << STP_SHIFT) | (TIER_MASK << TIER_SHIFT);
const ACCEPTED_HEAD: i32 = EVT_ACCEPTED | (EVENT_SLOTS << 8);

/**
 * The everyday order in one go: limit, good till canceled, without a client id, and nobody to meet at its price. False: it is not
 * that, nothing has changed, and `place` judges it step by step. What it does is what `place` would do.
 */
export function restPlainly(book: i32, message: i32): boolean {
  const flags = wordOf(message, W_FLAGS);
  const ref = wordOf(message, W_CLIENT_REF);
  if ((flags & ~PLAIN_FLAGS) !== 0 || ref !== NO_CLIENT_REF) return false;
  const side = flags & FLAG_SIDE;
  const price = wordOf(message, W_PRICE);
  if (!isFree(book, side, price)) return false;
  const loss = lossTicksOf(side, wordOf(message, W_MARK_DISTANCE));
  const lots = floatOf(message, F_QTY);
  const account = wordOf(message, W_ACCOUNT);
  const id = restNew(book, account, flags, price, lots, loss);
  const event = pushEvent(EVENT_SLOTS);
  setI32(event, ACCEPTED_HEAD | i32At(book + B_HEAD));
  setWord(event, W_ACCOUNT, account);
  setFloat(event, EF_ORDER_ID, id);
  setFloat(event, EF_LOTS, lots);
  setFloat(event, EF_REMAINING, lots);
  setFloat(event, EF_VALUE, lots);
  setWord(event, EW_PRICE, price);
  setWord(event, EW_FLAGS, flags);
  setWord(event, EW_SESSION, wordOf(message, W_SESSION));
  setWord(event, EW_REQUEST, wordOf(message, W_REQUEST));
  setWord(event, EW_LOSS_TICKS, loss);
  setWord(event, EW_OLD_LOSS_TICKS, loss);
  setWord(event, EW_CLIENT_REF, NO_CLIENT_REF);
  return true;
}

/** A new order comes to rest; it has no client reference and does not expire. Returns its id. */
function restNew(book: i32, account: i32, flags: i32, price: i32, lots: f64, loss: i32): f64 {
  const order = takeOrder();
  const rest = restOf(order);
  const id: f64 = f64At(book + B_LAST_ORDER_ID) + 1;
  setF64(book + B_LAST_ORDER_ID, id);
  setF64(order + O_REMAINING, lots);
  setF64(order + O_TOTAL, lots);
  setI32(order + O_PRICE, price);
  setI32(order + O_ACCOUNT, account);
  setI32(order + O_FLAGS, flags);
  setI32(order + O_LOSS_TICKS, loss);
  setF64(rest + O_ID, id);
  setI32(rest + O_EXPIRY_POSITION, 0);
  indexOrder(book, order, id);
  setI32(book + B_OPEN_ORDERS, i32At(book + B_OPEN_ORDERS) + 1);
  const row = openRow(book, account);
  linkFirst(row + R_NODE, listNodeOf(order));
  setI32(row + R_OPEN_ORDERS, i32At(row + R_OPEN_ORDERS) + 1);
  const side = flags & FLAG_SIDE;
  appendOrder(ladderOf(book, side), order, keyOf(side, price), lots);
  return id;
}
