import { assert } from '../assert.js';
import { FLAG_REDUCE_ONLY, FLAG_SIDE, SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import {
  ROW_WORDS,
  RW_NEWEST_ORDER,
  RW_OPEN_ORDERS,
  RW_REDUCE_ONLY_ORDERS,
} from './account-rows.js';
import type { BookStore } from './book-store.js';
import { keyOf, NO_KEY, priceOfKey } from './ladder.js';
import {
  FLOAT_SHIFT,
  LINK_NEXT,
  LINK_PREVIOUS,
  LINK_SHIFT,
  OF_ID,
  OF_REMAINING,
  OF_TOTAL,
  OW_ACCOUNT_OLDER,
  OW_FLAGS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';

/** Every order is in exactly one queue, found by its id and its account; sums and counts agree; not crossed. */
export function checkBook(store: BookStore): void {
  const orders = checkSide(store, SIDE_BUY) + checkSide(store, SIDE_SELL);
  assert(orders === store.openOrders, 'open orders must equal the orders in all queues');
  if (store.bids.bestKey !== NO_KEY && store.asks.bestKey !== NO_KEY) {
    const bid = priceOfKey(SIDE_BUY, store.bids.bestKey);
    const ask = priceOfKey(SIDE_SELL, store.asks.bestKey);
    assert(bid < ask, `best bid ${bid} must be below best ask ${ask}`);
  }
  checkAccounts(store);
}

function checkSide(store: BookStore, side: number): number {
  const ladder = store.ladder(side);
  let orders = 0;
  let levels = 0;
  let reduceOnly = 0;
  for (let key = ladder.bestKey; key !== NO_KEY; key = ladder.nextKey(key)) {
    levels++;
    let lots = 0;
    let count = 0;
    let previous = 0;
    for (let slot = ladder.headAt(key); slot !== 0; ) {
      const record = slot << WORD_SHIFT;
      const words = store.pool.words;
      const flags = words[record | OW_FLAGS] as number;
      const remaining = store.pool.floats[(slot << FLOAT_SHIFT) | OF_REMAINING] as number;
      assert(
        store.pool.links[(slot << LINK_SHIFT) | LINK_PREVIOUS] === previous,
        'queue links must agree both ways',
      );
      assert((flags & FLAG_SIDE) === side, 'an order must rest on its own side');
      assert(keyOf(side, words[record | OW_PRICE] as number) === key, 'price must be the level’s');
      assert(remaining > 0, 'a resting order must have lots left');
      assert(
        remaining <= (store.pool.floats[(slot << FLOAT_SHIFT) | OF_TOTAL] as number),
        'remaining must not exceed the total',
      );
      const id = store.pool.floats[(slot << FLOAT_SHIFT) | OF_ID] as number;
      assert(store.index.find(id) === slot, `order ${id} must be found by its id`);
      if ((flags & FLAG_REDUCE_ONLY) !== 0) reduceOnly++;
      lots += remaining;
      count++;
      previous = slot;
      slot = store.pool.links[(slot << LINK_SHIFT) | LINK_NEXT] as number;
    }
    assert(lots === ladder.lotsAt(key), 'lots of a level must be the sum of its orders');
    assert(count === ladder.countAt(key) && count > 0, 'count of a level must be its orders’');
    orders += count;
  }
  assert(levels === ladder.levels, 'every level must be reached from the best');
  assert(reduceOnly === store.reduceOnlyOrders[side], 'reduce-only orders must be counted');
  return orders;
}

function checkAccounts(store: BookStore): void {
  const rows = store.rows;
  let orders = 0;
  for (let account = 0; account < rows.rows; account++) {
    const row = account * ROW_WORDS;
    let count = 0;
    let reduceOnly = 0;
    let slot = rows.words[row + RW_NEWEST_ORDER] as number;
    while (slot !== 0) {
      count++;
      const flags = store.pool.words[(slot << WORD_SHIFT) | OW_FLAGS] as number;
      if ((flags & FLAG_REDUCE_ONLY) !== 0) reduceOnly++;
      slot = store.pool.words[(slot << WORD_SHIFT) | OW_ACCOUNT_OLDER] as number;
    }
    assert(count === rows.words[row + RW_OPEN_ORDERS], 'an account’s open orders must be counted');
    assert(
      reduceOnly === rows.words[row + RW_REDUCE_ONLY_ORDERS],
      'its reduce-only orders as well',
    );
    orders += count;
  }
  assert(orders === store.openOrders, 'every open order must be in its account’s list');
}
