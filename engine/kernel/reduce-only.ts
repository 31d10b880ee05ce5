import {
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_REDUCE_ONLY,
  SIDE_BUY,
  SIDE_SELL,
} from '../messages/types.js';
import { cancelResting, cutResting } from './changes.js';
import { allocate, release } from './heap.js';
import {
  H_TOUCHED,
  H_TOUCHED_CAPACITY,
  H_TOUCHED_COUNT,
  O_FLAGS,
  O_REMAINING,
  R_REDUCE_ONLY_MASK,
  R_REDUCE_ONLY_ORDERS,
} from './layout.js';
import { copyBytes, f64At, i32At, setI32 } from './memory.js';
import { closableLots } from './positions.js';
import { newestOf, olderOf, rowOf } from './rows.js';

/**
 * Keeps reduce-only orders within what they may close: after each command, every account that traded or placed is
 * trimmed, so that the sum of its resting reduce-only orders never exceeds its position.
 */

/** The account's position or orders changed; it is looked at when the command is done. */
export function touch(account: i32): void {
  const count = i32At(H_TOUCHED_COUNT);
  if (count === i32At(H_TOUCHED_CAPACITY)) widen(count);
  setI32(i32At(H_TOUCHED) + (count << 2), account);
  setI32(H_TOUCHED_COUNT, count + 1);
}

export function trimTouched(book: i32): void {
  const count = i32At(H_TOUCHED_COUNT);
  if (count === 0) return;
  for (let i = 0; i < count; i++) trim(book, i32At(i32At(H_TOUCHED) + (i << 2)));
  setI32(H_TOUCHED_COUNT, 0);
}

function trim(book: i32, account: i32): void {
  const row = rowOf(book, account);
  if ((i32At(row + R_REDUCE_ONLY_ORDERS) & R_REDUCE_ONLY_MASK) === 0) return;
  // At most one side closes: with a long position the buys go, and with none both.
  const buys = closableLots(book, account, SIDE_BUY);
  const sells = closableLots(book, account, SIDE_SELL);
  if (buys === 0) cutSide(book, row, SIDE_BUY, 0);
  if (sells === 0) cutSide(book, row, SIDE_SELL, 0);
  if (buys > 0) cutSide(book, row, SIDE_BUY, buys);
  if (sells > 0) cutSide(book, row, SIDE_SELL, sells);
}

function cutSide(book: i32, row: i32, side: i32, allowed: f64): void {
  let excess: f64 = restingLots(row, side) - allowed;
  let order = newestOf(row);
  while (order !== 0 && excess > 0) {
    const older = olderOf(row, order);
    if (counts(order, side)) {
      const remaining = f64At(order + O_REMAINING);
      if (remaining <= excess) cancelResting(book, order, REASON_REDUCE_ONLY);
      else cutResting(book, order, excess, REASON_REDUCE_ONLY);
      excess -= remaining < excess ? remaining : excess;
    }
    order = older;
  }
}

function restingLots(row: i32, side: i32): f64 {
  let sum: f64 = 0;
  for (let order = newestOf(row); order !== 0; order = olderOf(row, order)) {
    if (counts(order, side)) sum += f64At(order + O_REMAINING);
  }
  return sum;
}

function counts(order: i32, side: i32): boolean {
  const flags = i32At(order + O_FLAGS);
  return (flags & FLAG_REDUCE_ONLY) !== 0 && (flags & FLAG_SIDE) === side;
}

function widen(capacity: i32): void {
  const wider = capacity === 0 ? 64 : capacity * 2;
  const to = allocate(wider << 2);
  if (capacity !== 0) {
    copyBytes(to, i32At(H_TOUCHED), capacity << 2);
    release(i32At(H_TOUCHED), capacity << 2);
  }
  setI32(H_TOUCHED, to);
  setI32(H_TOUCHED_CAPACITY, wider);
}
