import { EF_LOTS, EF_TRADE_SEQUENCE, EW_PRICE } from '../messages/layout.js';
import {
  EVT_FILL,
  FLAG_MAKER,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_REDUCE_ONLY,
  REASON_SELF_TRADE,
  REASON_SHIFT,
  STP_CANCEL_BOTH,
  STP_CANCEL_MAKER,
  STP_CANCEL_TAKER,
  STP_NONE,
  stpOf,
} from '../messages/types.js';
import {
  cancelResting,
  cutRecord,
  cutResting,
  forget,
  ladderOf,
  reportCanceled,
} from './changes.js';
import { pushOrderEvent, setFloat, setWord } from './events.js';
import { bestHead, keyOf, reduceLevel, removeOrder } from './ladder.js';
import {
  B_LAST_PRICE,
  B_LAST_TRADE,
  L_BEST,
  O_ACCOUNT,
  O_FLAGS,
  O_PRICE,
  O_REMAINING,
  R_REDUCE_ONLY_MASK,
  R_REDUCE_ONLY_ORDERS,
} from './layout.js';
import { f64At, i32At, setF64, setI32 } from './memory.js';
import { idOf } from './orders.js';
import { closableLots, settleFill } from './positions.js';
import { touch } from './reduce-only.js';
import { rowOf } from './rows.js';

/** Whether the order, which is in no queue, would find a maker. */
export function crosses(book: i32, order: i32): boolean {
  const makerSide = (i32At(order + O_FLAGS) & FLAG_SIDE) ^ 1;
  return i32At(ladderOf(book, makerSide) + L_BEST) <= keyOf(makerSide, i32At(order + O_PRICE));
}

/**
 * Step 5 of placing (order-book.ts): the taker, whose record is in no queue, against the opposite side in price-time
 * priority, until nothing of it is left, or nothing within its price, or self-trade prevention has canceled its rest.
 */
export function matchOrder(book: i32, taker: i32): void {
  const flags = i32At(taker + O_FLAGS);
  const account = i32At(taker + O_ACCOUNT);
  const makerSide = (flags & FLAG_SIDE) ^ 1;
  const ladder = ladderOf(book, makerSide);
  const limitKey = keyOf(makerSide, i32At(taker + O_PRICE));
  const mode = stpOf(flags);
  while (i32At(ladder + L_BEST) <= limitKey && f64At(taker + O_REMAINING) !== 0) {
    const maker = bestHead(ladder);
    let closable: f64 = 0;
    const reduceOnly = (i32At(maker + O_FLAGS) & FLAG_REDUCE_ONLY) !== 0;
    if (reduceOnly) {
      closable = closableLots(book, i32At(maker + O_ACCOUNT), makerSide);
      if (closable === 0) {
        cancelResting(book, maker, REASON_REDUCE_ONLY);
        continue;
      }
    }
    if (mode !== STP_NONE && i32At(maker + O_ACCOUNT) === account) {
      if (!preventSelfTrade(book, taker, maker, mode)) return;
      continue;
    }
    const makerLots = f64At(maker + O_REMAINING);
    const takerLots = f64At(taker + O_REMAINING);
    let lots: f64 = makerLots < takerLots ? makerLots : takerLots;
    if (reduceOnly && closable < lots) lots = closable;
    fill(book, ladder, maker, taker, lots);
  }
}

/** One trade between the taker and the head of the best level. */
function fill(book: i32, ladder: i32, maker: i32, taker: i32, lots: f64): void {
  const key = i32At(ladder + L_BEST);
  const makerLots = f64At(maker + O_REMAINING);
  const isDone = lots === makerLots;
  setF64(taker + O_REMAINING, f64At(taker + O_REMAINING) - lots);
  if (isDone) removeOrder(ladder, maker, key, lots);
  else reduceLevel(ladder, key, lots);
  setF64(maker + O_REMAINING, makerLots - lots);
  const trade: f64 = f64At(book + B_LAST_TRADE) + 1;
  setF64(book + B_LAST_TRADE, trade);
  const price = i32At(maker + O_PRICE);
  setI32(book + B_LAST_PRICE, price);
  reportFill(book, maker, FLAG_MAKER, price, lots, trade);
  reportFill(book, taker, 0, price, lots, trade);
  touchBoth(book, maker, taker);
  if (isDone) forget(book, maker);
}

function reportFill(book: i32, order: i32, bits: i32, price: i32, lots: f64, trade: f64): void {
  const event = pushOrderEvent(book, EVT_FILL, order, idOf(order), bits);
  setWord(event, EW_PRICE, price);
  setFloat(event, EF_LOTS, lots);
  setFloat(event, EF_TRADE_SEQUENCE, trade);
  settleFill(book, event);
}

/** Only accounts with reduce-only orders need a look; the taker's own order may become one. */
function touchBoth(book: i32, maker: i32, taker: i32): void {
  const makerAccount = i32At(maker + O_ACCOUNT);
  if (hasReduceOnly(rowOf(book, makerAccount))) touch(makerAccount);
  const takerAccount = i32At(taker + O_ACCOUNT);
  const isReduceOnly = (i32At(taker + O_FLAGS) & FLAG_REDUCE_ONLY) !== 0;
  if (isReduceOnly || hasReduceOnly(rowOf(book, takerAccount))) touch(takerAccount);
}

function hasReduceOnly(row: i32): boolean {
  return (i32At(row + R_REDUCE_ONLY_ORDERS) & R_REDUCE_ONLY_MASK) !== 0;
}

/** False when the taker's rest is gone. */
function preventSelfTrade(book: i32, taker: i32, maker: i32, mode: i32): boolean {
  if (mode === STP_CANCEL_MAKER || mode === STP_CANCEL_BOTH) {
    cancelResting(book, maker, REASON_SELF_TRADE);
  }
  if (mode === STP_CANCEL_MAKER) return true;
  if (mode !== STP_CANCEL_TAKER && mode !== STP_CANCEL_BOTH) return decrement(book, taker, maker);
  dropTaker(book, taker);
  return false;
}

/** Both lose the smaller remaining; nobody trades. */
function decrement(book: i32, taker: i32, maker: i32): boolean {
  const makerLots = f64At(maker + O_REMAINING);
  const takerLots = f64At(taker + O_REMAINING);
  if (makerLots <= takerLots) cancelResting(book, maker, REASON_SELF_TRADE);
  else cutResting(book, maker, takerLots, REASON_SELF_TRADE);
  if (takerLots > makerLots) {
    cutRecord(book, taker, makerLots, REASON_SELF_TRADE);
    return true;
  }
  dropTaker(book, taker);
  return false;
}

function dropTaker(book: i32, taker: i32): void {
  reportCanceled(book, taker, REASON_SELF_TRADE << REASON_SHIFT);
  setF64(taker + O_REMAINING, 0);
}
