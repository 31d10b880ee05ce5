import {
  EF_LOTS,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  F_ORDER_ID,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
} from '../messages/layout.js';
import {
  EVT_MASS_CANCELED,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_SIDE,
  REASON_EXPIRED,
  REASON_USER,
  reasonOfMassCancel,
  SIDE_BUY,
} from '../messages/types.js';
import { cancelResting, ladderOf } from './changes.js';
import { answer, floatOf, pushEvent, setFloat, setWord, wordOf } from './events.js';
import { firstExpiryMs, firstToExpire } from './expiry.js';
import { bestHead, NO_KEY } from './ladder.js';
import { B_EXPIRY_COUNT, L_BEST, O_FLAGS } from './layout.js';
import { i32At } from './memory.js';
import { targetOf } from './placing.js';
import { CODE_ORDER_IS_NOT_OPEN } from './reject-codes.js';
import { pushRejection } from './rejections.js';
import { newestOf, olderOf, rowOf } from './rows.js';

/** MSG_CANCEL. */
export function cancel(book: i32, message: i32): void {
  const order = targetOf(book, message);
  if (order === 0) {
    pushRejection(message, CODE_ORDER_IS_NOT_OPEN, floatOf(message, F_ORDER_ID), 0);
    return;
  }
  answer(cancelResting(book, order, REASON_USER), message);
}

/** MSG_MASS_CANCEL: the account's orders on the sides that the flags name, newest first. */
export function massCancel(book: i32, message: i32): void {
  const account = wordOf(message, W_ACCOUNT);
  const flags = wordOf(message, W_FLAGS);
  const row = rowOf(book, account);
  let count = 0;
  const reason = reasonOfMassCancel(flags);
  let order = row === 0 ? 0 : newestOf(row);
  while (order !== 0) {
    const older = olderOf(row, order);
    const side = i32At(order + O_FLAGS) & FLAG_SIDE;
    if ((flags & (side === SIDE_BUY ? FLAG_MASS_BIDS : FLAG_MASS_ASKS)) !== 0) {
      cancelResting(book, order, reason);
      count++;
    }
    order = older;
  }
  const event = pushEvent(EVENT_SLOTS);
  const head = EVT_MASS_CANCELED | (EVENT_SLOTS << 8) | (wordOf(message, W_HEAD) & -65536);
  setWord(event, W_HEAD, head);
  setWord(event, W_ACCOUNT, account);
  setWord(event, EW_FLAGS, flags);
  setWord(event, EW_CLIENT_REF, wordOf(message, W_CLIENT_REF));
  setFloat(event, EF_LOTS, count);
  answer(event, message);
}

/** Cancels the orders whose time has come, by expiry, then id. */
export function expire(book: i32, nowMs: f64): void {
  while (i32At(book + B_EXPIRY_COUNT) > 0 && firstExpiryMs(book) <= nowMs) {
    cancelResting(book, firstToExpire(book), REASON_EXPIRED);
  }
}

/** Cancels every order: bids best first, then asks best first, each level in queue order. */
export function cancelEverything(book: i32, reason: i32): void {
  for (let side = 0; side < 2; side++) {
    const ladder = ladderOf(book, side);
    while (i32At(ladder + L_BEST) !== NO_KEY) cancelResting(book, bestHead(ladder), reason);
  }
}
