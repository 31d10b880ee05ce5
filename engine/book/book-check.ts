import { assert } from '../assert.js';
import type { Kernel } from '../kernel/host/kernel.js';
import {
  B_LADDERS,
  B_OPEN_ORDERS,
  L_BEST,
  L_REDUCE_ONLY,
  LADDER_SHIFT,
  N_NEXT,
  N_PREVIOUS,
  O_ACCOUNT,
  O_FLAGS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
  R_OPEN_ORDERS,
  R_REDUCE_ONLY_MASK,
  R_REDUCE_ONLY_ORDERS,
  V_COUNT,
  V_LOTS,
} from '../kernel/layout.js';
import { listNodeOf, queueNodeOf } from '../kernel/orders.js';
import { FLAG_REDUCE_ONLY, FLAG_SIDE, SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import { PRICE_TICKS_MAX } from '../units/units.js';
import type { AccountRows } from './account-rows.js';

/** Every order is in exactly one queue, found by its id and its account; sums and counts agree; not crossed. */
export function checkBook(kernel: Kernel, book: number, rows: AccountRows): void {
  const orders = checkSide(kernel, book, SIDE_BUY) + checkSide(kernel, book, SIDE_SELL);
  const open = kernel.word(book + B_OPEN_ORDERS);
  assert(orders === open, 'open orders must equal the orders in all queues');
  const bid = kernel.calls.bestPrice(book, SIDE_BUY);
  const ask = kernel.calls.bestPrice(book, SIDE_SELL);
  assert(bid === 0 || ask === 0 || bid < ask, `best bid ${bid} must be below best ask ${ask}`);
  checkAccounts(kernel, rows, open);
}

function checkSide(kernel: Kernel, book: number, side: number): number {
  const { calls } = kernel;
  const ladder = book + B_LADDERS + (side << LADDER_SHIFT);
  let orders = 0;
  let levels = 0;
  let reduceOnly = 0;
  let key = kernel.word(ladder + L_BEST);
  while (key !== PRICE_TICKS_MAX) {
    levels++;
    const price = side === SIDE_BUY ? PRICE_TICKS_MAX - key : key + 1;
    const level = calls.anyLevel(ladder, key);
    let lots = 0;
    let count = 0;
    for (let order = calls.firstOf(level); order !== 0; order = calls.nextOf(level, order)) {
      checkOrder(kernel, book, order, side, price);
      if ((calls.flagsOf(order) & FLAG_REDUCE_ONLY) !== 0) reduceOnly++;
      lots += kernel.float(order + O_REMAINING);
      count++;
    }
    assert(lots === kernel.float(level + V_LOTS), 'lots of a level must be the sum of its orders');
    assert(count === kernel.word(level + V_COUNT) && count > 0, 'a level must count its orders');
    orders += count;
    key = calls.nextKey(ladder, key);
  }
  assert(levels === calls.countOfLevels(ladder), 'every level must be reached from the best');
  assert(reduceOnly === kernel.word(ladder + L_REDUCE_ONLY), 'reduce-only orders must be counted');
  return orders;
}

function checkOrder(
  kernel: Kernel,
  book: number,
  order: number,
  side: number,
  price: number,
): void {
  const remaining = kernel.float(order + O_REMAINING);
  checkNode(kernel, queueNodeOf(order));
  checkNode(kernel, listNodeOf(order));
  assert((kernel.word(order + O_FLAGS) & FLAG_SIDE) === side, 'an order rests on its own side');
  assert(kernel.word(order + O_PRICE) === price, 'price must be the level’s');
  assert(remaining > 0, 'a resting order must have lots left');
  assert(remaining <= kernel.float(order + O_TOTAL), 'remaining must not exceed the total');
  const id = kernel.calls.idOf(order);
  assert(kernel.calls.findOrder(book, id) === order, `order ${id} must be found by its id`);
}

function checkNode(kernel: Kernel, node: number): void {
  const next = kernel.word(node + N_NEXT);
  const previous = kernel.word(node + N_PREVIOUS);
  const agree = kernel.word(next + N_PREVIOUS) === node && kernel.word(previous + N_NEXT) === node;
  assert(agree, 'neighbours in a list must agree both ways');
}

function checkAccounts(kernel: Kernel, rows: AccountRows, open: number): void {
  const { calls } = kernel;
  let orders = 0;
  rows.forEach((account, row) => {
    if (kernel.word(row + R_OPEN_ORDERS) === 0 && calls.newestOf(row) === 0) return;
    let count = 0;
    let reduceOnly = 0;
    for (let order = calls.newestOf(row); order !== 0; order = calls.olderOf(row, order)) {
      count++;
      if ((calls.flagsOf(order) & FLAG_REDUCE_ONLY) !== 0) reduceOnly++;
      assert(kernel.word(order + O_ACCOUNT) === account, 'a list must hold its account’s orders');
    }
    assert(count === kernel.word(row + R_OPEN_ORDERS), 'an account must count its open orders');
    const counted = kernel.word(row + R_REDUCE_ONLY_ORDERS) & R_REDUCE_ONLY_MASK;
    assert(reduceOnly === counted, 'an account must count its reduce-only orders');
    orders += count;
  });
  assert(orders === open, 'every open order must be in its account’s list');
}
