import { ladderOf, register, reportCanceled } from '../../../engine/kernel/changes.js';
import {
  floatOf,
  pushOrderEvent,
  setFloat,
  setWord,
  wordOf,
} from '../../../engine/kernel/events.js';
import { addExpiry } from '../../../engine/kernel/expiry.js';
import { fillsCompletely } from '../../../engine/kernel/fill-test.js';
import { appendOrder, keyOf, priceOfKey } from '../../../engine/kernel/ladder.js';
import {
  B_LAST_ORDER_ID,
  B_PRICE_MAX,
  E_LENGTH,
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
  R_OPEN_ORDERS,
} from '../../../engine/kernel/layout.js';
import { f64At, i32At, setF64, setI32 } from '../../../engine/kernel/memory.js';
import { isFree } from '../../../engine/kernel/moving.js';
import {
  giveOrder,
  NO_CLIENT_REF,
  ORDER_HAS_REF,
  restOf,
  takeOrder,
} from '../../../engine/kernel/orders.js';
import { matchAndRest } from '../../../engine/kernel/placing.js';
import { closableLots } from '../../../engine/kernel/positions.js';
import { trimTouched } from '../../../engine/kernel/reduce-only.js';
import { lossTicksOf } from '../../../engine/kernel/rejections.js';
import { openRow } from '../../../engine/kernel/rows.js';
import {
  EF_EXPIRY,
  EF_VALUE,
  EW_OLD_LOSS_TICKS,
  F_EXPIRY,
  F_QTY,
  W_FLAGS,
  W_PRICE,
} from '../../../engine/messages/layout.js';
import {
  CLIENT_FLAGS,
  EVT_ACCEPTED,
  FLAG_CLIENT_TEXT,
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  mayRest,
  REASON_FOK_UNFILLABLE,
  REASON_SHIFT,
  SIDE_BUY,
  STP_DECREMENT,
  STP_MASK,
  STP_SHIFT,
  stpOf,
  TIER_SHIFT,
  TIF_FOK,
  TIF_GTC,
  TIF_GTD,
  tifOf,
} from '../../../engine/messages/types.js';
import { tierOfAccount } from '../accounts.js';
import {
  LANE_HAS_REFERENCES,
  LANE_NOT_DONE,
  M_MARK,
  M_OPEN_ORDERS_MAX,
  M_PRICE_LIMITS,
  M_VALUE_MIN,
} from '../layout.js';
import { addNamed, findNamed, hasClientId } from '../named-orders.js';
import { addOpen, tryReserve } from '../reservation.js';
import { admitsInterest, admitsLots, admitsPrice, leavesTrades } from './admission.js';
import { completeAnswer, settleRest } from './events.js';

/** An everyday order has no flag but its side, a self-trade mode (which only matters when it trades), post-only, an id in text. */
const EVERYDAY_FLAGS: i32 = FLAG_SIDE | FLAG_POST_ONLY | (STP_MASK << STP_SHIFT) | FLAG_CLIENT_TEXT;

/**
 * CMD_PLACE with a client id that is new, or without one. An everyday order that meets nobody rests in one go; whatever else an
 * order may be, and do, is in `placeAny`.
 */
export function lanePlace(
  book: i32,
  message: i32,
  account: i32,
  record: i32,
  timeMs: f64,
  sequence: f64,
): i32 {
  const isNamed = hasClientId(message);
  if (isNamed && findNamed(message) !== NO_CLIENT_REF) return LANE_NOT_DONE;
  const flags = wordOf(message, W_FLAGS) & CLIENT_FLAGS;
  const side = flags & FLAG_SIDE;
  const price = wordOf(message, W_PRICE);
  if ((flags & ~EVERYDAY_FLAGS) !== 0 || !isFree(book, side, price)) {
    return placeAny(book, message, account, record, isNamed, timeMs, sequence);
  }
  if (!admitsPrice(book, side, price) || stpOf(flags) > STP_DECREMENT) return LANE_NOT_DONE;
  const lots = floatOf(message, F_QTY);
  if (!admitsLots(book, lots)) return LANE_NOT_DONE;
  const row = openRow(book, account);
  if (i32At(row + R_OPEN_ORDERS) >= i32At(book + M_OPEN_ORDERS_MAX)) return LANE_NOT_DONE;
  if (price * lots < f64At(book + M_VALUE_MIN)) return LANE_NOT_DONE;
  if (!admitsInterest(book, lots)) return LANE_NOT_DONE;
  const loss = lossTicksOf(side, price - i32At(book + M_MARK));
  if (tryReserve(book, account, record, row, side, price, lots, lots * loss) !== 0) {
    return LANE_NOT_DONE;
  }
  const kept = flags | (tierOfAccount(record) << TIER_SHIFT);
  const ref = isNamed ? addNamed(message, record) : NO_CLIENT_REF;
  const order = newOrder(book, account, kept, price, lots, loss, ref);
  const event = pushOrderEvent(book, EVT_ACCEPTED, order, f64At(book + B_LAST_ORDER_ID), 0);
  setFloat(event, EF_VALUE, lots);
  setWord(event, EW_OLD_LOSS_TICKS, loss);
  register(book, order);
  appendOrder(ladderOf(book, side), order, keyOf(side, price), lots);
  return completeAnswer(event, message, record, sequence);
}

/** Reserves what was asked for, accepts what the book takes of it, and trades. */
function placeAny(
  book: i32,
  message: i32,
  account: i32,
  record: i32,
  isNamed: boolean,
  timeMs: f64,
  sequence: f64,
): i32 {
  const flags = wordOf(message, W_FLAGS) & CLIENT_FLAGS;
  const side = flags & FLAG_SIDE;
  const tif = tifOf(flags);
  if (!flagsAreSound(flags, tif)) return LANE_NOT_DONE;
  const expiry = floatOf(message, F_EXPIRY);
  if (tif === TIF_GTD && !(expiry > timeMs)) return LANE_NOT_DONE;
  const price = boundOf(book, flags, wordOf(message, W_PRICE));
  const asked = floatOf(message, F_QTY);
  if (price === 0 || !admitsLots(book, asked)) return LANE_NOT_DONE;
  const row = openRow(book, account);
  const isFull = i32At(row + R_OPEN_ORDERS) >= i32At(book + M_OPEN_ORDERS_MAX);
  if (isFull && mayRest(flags)) return LANE_NOT_DONE;
  if (price * asked < f64At(book + M_VALUE_MIN) && (flags & FLAG_REDUCE_ONLY) === 0) {
    return LANE_NOT_DONE;
  }
  if (!admitsInterest(book, asked)) return LANE_NOT_DONE;
  let lots = asked;
  if ((flags & FLAG_REDUCE_ONLY) !== 0) {
    const closable = closableLots(book, account, side);
    if (closable === 0) return LANE_NOT_DONE;
    if (closable < lots) lots = closable;
  }
  const finalPrice = slidPrice(book, flags, side, price);
  if (finalPrice === 0) return LANE_NOT_DONE;
  const mark = i32At(book + M_MARK);
  const askedLoss = lossTicksOf(side, price - mark);
  const loss = lossTicksOf(side, finalPrice - mark);
  if (tryReserve(book, account, record, row, side, price, asked, asked * askedLoss) !== 0) {
    return LANE_NOT_DONE;
  }
  const kept = flags | (tierOfAccount(record) << TIER_SHIFT);
  const ref = isNamed ? addNamed(message, record) : NO_CLIENT_REF;
  const order = newOrder(book, account, kept, finalPrice, lots, loss, ref);
  const event = pushOrderEvent(book, EVT_ACCEPTED, order, f64At(book + B_LAST_ORDER_ID), 0);
  setFloat(event, EF_VALUE, asked);
  setWord(event, EW_OLD_LOSS_TICKS, askedLoss);
  if (tif === TIF_GTD) setFloat(event, EF_EXPIRY, expiry);
  // What a cut or a slide reserves too much goes back.
  addOpen(row, side, lots - asked, lots * loss - asked * askedLoss);
  const result = completeAnswer(event, message, record, sequence);
  const first = i32At(E_LENGTH);
  if (tif === TIF_FOK && !fillsCompletely(book, order)) {
    reportCanceled(book, order, REASON_FOK_UNFILLABLE << REASON_SHIFT);
    giveOrder(order);
  } else if (matchAndRest(book, order, false) && tif === TIF_GTD) addExpiry(book, order, expiry);
  trimTouched(book);
  const rest = settleRest(book, first, sequence);
  return result === LANE_HAS_REFERENCES ? result : rest;
}

/**
 * Price that the order is reserved at, 0 when it may not be placed. A market order can fill no worse than the band lets a
 * limit order: without a bound of its own, and with a worse one, it gets the band's.
 */
function boundOf(book: i32, flags: i32, price: i32): i32 {
  const side = flags & FLAG_SIDE;
  if ((flags & FLAG_MARKET_ORDER) === 0) return admitsPrice(book, side, price) ? price : 0;
  const band = i32At(book + M_PRICE_LIMITS + (side << 2));
  if (!admitsPrice(book, side, band)) return 0;
  if (price === 0) return band;
  if (price < 1 || price > i32At(book + B_PRICE_MAX)) return 0;
  return keyOf(side, price) < keyOf(side, band) ? band : price;
}

/** Post-only orders do not cross: price that they rest at, 0 when there is none. Other orders' prices stay as they are. */
function slidPrice(book: i32, flags: i32, side: i32, price: i32): i32 {
  const bestKey = i32At(ladderOf(book, side ^ 1) + L_BEST);
  const crosses = bestKey <= keyOf(side ^ 1, price);
  if ((flags & FLAG_POST_ONLY) === 0) return crosses && leavesTrades(book) ? 0 : price;
  if (!crosses) return price;
  if ((flags & FLAG_POST_ONLY_SLIDE) === 0) return 0;
  const best = priceOfKey(side ^ 1, bestKey);
  const slid = side === SIDE_BUY ? best - 1 : best + 1;
  return slid < 1 || slid > i32At(book + B_PRICE_MAX) ? 0 : slid;
}

/** `flagsProblem` of engine/market/order-rules.ts. */
function flagsAreSound(flags: i32, tif: i32): boolean {
  if (stpOf(flags) > STP_DECREMENT) return false;
  const waits = tif === TIF_GTC || tif === TIF_GTD;
  if ((flags & FLAG_POST_ONLY) === 0) {
    return (flags & FLAG_POST_ONLY_SLIDE) === 0 && !(waits && (flags & FLAG_MARKET_ORDER) !== 0);
  }
  return waits && (flags & FLAG_MARKET_ORDER) === 0;
}

/** A record with the market's next id, in no list yet. */
function newOrder(
  book: i32,
  account: i32,
  flags: i32,
  price: i32,
  lots: f64,
  loss: i32,
  ref: i32,
): i32 {
  const order = takeOrder();
  const id: f64 = f64At(book + B_LAST_ORDER_ID) + 1;
  setF64(book + B_LAST_ORDER_ID, id);
  const rest = restOf(order);
  setF64(rest + O_ID, id);
  setI32(rest + O_EXPIRY_POSITION, 0);
  setF64(order + O_REMAINING, lots);
  setF64(order + O_TOTAL, lots);
  setI32(order + O_PRICE, price);
  setI32(order + O_ACCOUNT, account);
  setI32(order + O_FLAGS, flags);
  setI32(order + O_LOSS_TICKS, loss);
  if (ref === NO_CLIENT_REF) return order;
  setI32(rest + O_CLIENT_REF, ref);
  setI32(order + O_FLAGS, flags | ORDER_HAS_REF);
  return order;
}
