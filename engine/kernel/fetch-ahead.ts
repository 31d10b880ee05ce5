import { F_ORDER_ID, SLOT_BYTES, typeOf, W_ACCOUNT, W_HEAD } from '../messages/layout.js';
import { MSG_CANCEL, MSG_PLACE } from '../messages/types.js';
import { floatOf, wordOf } from './events.js';
import { H_FETCHED, O_FLAGS } from './layout.js';
import { i32At, setI32 } from './memory.js';
import { findOrder } from './order-index.js';
import { listNodeOf, queueNodeOf, restOf } from './orders.js';
import { rowOf } from './rows.js';

/**
 * Of commands that are about to be applied, a word of each record that they will need is read before the first of them. Most of it is
 * far away in memory; asked for one after another without waiting, it arrives together. Nothing depends on what is read.
 */

/** So many commands ahead: what they need fits into the nearest cache together. */
export const FETCH_AHEAD: i32 = 32;

/** Keeps the compiler from leaving out reads of which nobody uses the result. */
export function setFetched(sum: i32): void {
  setI32(H_FETCHED, sum);
}

/** For messages of one slot each. */
export function fetchForBook(book: i32, first: i32, count: i32): void {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const message = first + i * SLOT_BYTES;
    const type = typeOf(wordOf(message, W_HEAD));
    if (type === MSG_PLACE) continue;
    const order = findOrder(book, floatOf(message, F_ORDER_ID));
    if (order === 0) continue;
    sum += fetchQueued(order);
    if (type === MSG_CANCEL) {
      const row = rowOf(book, wordOf(message, W_ACCOUNT));
      sum += i32At(restOf(order)) + i32At(listNodeOf(order)) + i32At(row);
    }
  }
  setFetched(sum);
}

/** What every command on an order needs of it. */
export function fetchQueued(order: i32): i32 {
  return i32At(order + O_FLAGS) + i32At(queueNodeOf(order));
}
