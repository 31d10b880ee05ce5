import {
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  STP_CANCEL_MAKER,
  STP_NONE,
  stpOf,
} from '../messages/types.js';
import { ROW_WORDS, RW_OPEN_ORDERS } from './account-rows.js';
import type { BookStore } from './book-store.js';
import { keyOf, type Ladder } from './ladder.js';
import type { FillLedger } from './order-book.js';
import {
  FLOAT_SHIFT,
  LINK_NEXT,
  LINK_SHIFT,
  OF_REMAINING,
  OW_ACCOUNT,
  OW_FLAGS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';

/**
 * Whether a fill-or-kill order would fill completely. Whole levels are summed when every lot in the way can be
 * had; only reduce-only makers or own orders make it walk order by order.
 */
export function fillsCompletely(store: BookStore, ledger: FillLedger, taker: number): boolean {
  const words = store.pool.words;
  const flags = words[(taker << WORD_SHIFT) | OW_FLAGS] as number;
  const account = words[(taker << WORD_SHIFT) | OW_ACCOUNT] as number;
  const makerSide = (flags & FLAG_SIDE) ^ 1;
  const ladder = store.ladder(makerSide);
  const limitKey = keyOf(makerSide, words[(taker << WORD_SHIFT) | OW_PRICE] as number);
  const own =
    account < store.rows.rows ? store.rows.words[account * ROW_WORDS + RW_OPEN_ORDERS] : 0;
  if (store.reduceOnlyOrders[makerSide] === 0 && (own === 0 || stpOf(flags) === STP_NONE)) {
    return sumOfLevels(store, ladder, taker, limitKey);
  }
  return walkOrders(store, ledger, ladder, taker, limitKey);
}

function sumOfLevels(store: BookStore, ladder: Ladder, taker: number, limitKey: number): boolean {
  let missing = store.pool.floats[(taker << FLOAT_SHIFT) | OF_REMAINING] as number;
  for (let key = ladder.bestKey; key <= limitKey && missing > 0; key = ladder.nextKey(key)) {
    missing -= ladder.lotsAt(key);
  }
  return missing <= 0;
}

function walkOrders(
  store: BookStore,
  ledger: FillLedger,
  ladder: Ladder,
  taker: number,
  limitKey: number,
): boolean {
  const words = store.pool.words;
  const floats = store.pool.floats;
  const flags = words[(taker << WORD_SHIFT) | OW_FLAGS] as number;
  const account = words[(taker << WORD_SHIFT) | OW_ACCOUNT] as number;
  const stp = stpOf(flags);
  /** What each reduce-only account could still close; a trade with itself leaves its position as it is. */
  const filled = new Map<number, number>();
  let missing = floats[(taker << FLOAT_SHIFT) | OF_REMAINING] as number;
  for (let key = ladder.bestKey; key <= limitKey && missing > 0; key = ladder.nextKey(key)) {
    for (let slot = ladder.headAt(key); slot !== 0 && missing > 0; ) {
      const maker = words[(slot << WORD_SHIFT) | OW_ACCOUNT] as number;
      const makerFlags = words[(slot << WORD_SHIFT) | OW_FLAGS] as number;
      let lots = floats[(slot << FLOAT_SHIFT) | OF_REMAINING] as number;
      slot = store.pool.links[(slot << LINK_SHIFT) | LINK_NEXT] as number;
      if ((makerFlags & FLAG_REDUCE_ONLY) !== 0) {
        const closable =
          ledger.closableLots(maker, makerFlags & FLAG_SIDE) - (filled.get(maker) ?? 0);
        // A reduce-only order without anything to close is canceled before its owner matters.
        if (closable <= 0) continue;
        lots = Math.min(lots, closable);
      }
      if (maker === account && stp !== STP_NONE) {
        if (stp === STP_CANCEL_MAKER) continue;
        return false;
      }
      lots = Math.min(lots, missing);
      missing -= lots;
      if (maker !== account) filled.set(maker, (filled.get(maker) ?? 0) + lots);
    }
  }
  return missing === 0;
}
