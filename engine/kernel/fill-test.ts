import {
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  STP_CANCEL_MAKER,
  STP_NONE,
  stpOf,
} from '../messages/types.js';
import { ladderOf } from './changes.js';
import { allocate, release } from './heap.js';
import { anyLevel, firstOf, keyOf, nextKey, nextOf } from './ladder.js';
import {
  H_SCRATCH,
  H_SCRATCH_CAPACITY,
  L_BEST,
  L_REDUCE_ONLY,
  O_ACCOUNT,
  O_FLAGS,
  O_PRICE,
  O_REMAINING,
  R_OPEN_ORDERS,
  S_SCRATCH,
  V_LOTS,
} from './layout.js';
import { copyBytes, f64At, i32At, setF64, setI32 } from './memory.js';
import { closableLots } from './positions.js';
import { rowOf, settledOf } from './rows.js';

/** An entry of the scratch list: an account's settlement record, and what it has filled in the simulation. */
const ENTRY_BYTES: i32 = 16;
const SC_FILLED: i32 = 0;
const SC_SETTLED: i32 = 8;

/**
 * Whether a fill-or-kill order would fill completely. Whole levels are summed when every lot in the way can be had; only
 * reduce-only makers or own orders make it walk order by order.
 */
export function fillsCompletely(book: i32, taker: i32): boolean {
  const flags = i32At(taker + O_FLAGS);
  const makerSide = (flags & FLAG_SIDE) ^ 1;
  const ladder = ladderOf(book, makerSide);
  const limitKey = keyOf(makerSide, i32At(taker + O_PRICE));
  const own = i32At(rowOf(book, i32At(taker + O_ACCOUNT)) + R_OPEN_ORDERS);
  if (i32At(ladder + L_REDUCE_ONLY) === 0 && (own === 0 || stpOf(flags) === STP_NONE)) {
    return sumOfLevels(ladder, taker, limitKey);
  }
  return walkOrders(book, ladder, taker, limitKey);
}

function sumOfLevels(ladder: i32, taker: i32, limitKey: i32): boolean {
  let missing = f64At(taker + O_REMAINING);
  let key = i32At(ladder + L_BEST);
  while (key <= limitKey && missing > 0) {
    missing -= f64At(anyLevel(ladder, key) + V_LOTS);
    key = nextKey(ladder, key);
  }
  return missing <= 0;
}

/**
 * Remembers for each maker what it has filled so far: an index into the scratch list in its settlement record, zero otherwise.
 */
function walkOrders(book: i32, ladder: i32, taker: i32, limitKey: i32): boolean {
  let missing = f64At(taker + O_REMAINING);
  let seen = 0;
  let key = i32At(ladder + L_BEST);
  let isBlocked = false;
  while (key <= limitKey && missing > 0 && !isBlocked) {
    const level = anyLevel(ladder, key);
    let maker = firstOf(level);
    while (maker !== 0 && missing > 0 && !isBlocked) {
      const lots = simulatedLots(book, taker, maker, missing);
      if (lots < 0) isBlocked = true;
      else if (lots > 0) {
        missing -= lots;
        if (i32At(maker + O_ACCOUNT) !== i32At(taker + O_ACCOUNT))
          seen = note(book, maker, lots, seen);
      }
      maker = nextOf(level, maker);
    }
    key = nextKey(ladder, key);
  }
  for (let i = 0; i < seen; i++) setI32(i32At(entryAt(i + 1) + SC_SETTLED) + S_SCRATCH, 0);
  return missing === 0 && !isBlocked;
}

/** Lots that the maker would give; 0: it is passed over; −1: it stops the taker for good. */
function simulatedLots(book: i32, taker: i32, maker: i32, missing: f64): f64 {
  const flags = i32At(maker + O_FLAGS);
  let lots = f64At(maker + O_REMAINING);
  if ((flags & FLAG_REDUCE_ONLY) !== 0) {
    const entry = i32At(settledOf(book, i32At(maker + O_ACCOUNT)) + S_SCRATCH);
    let closable = closableLots(book, i32At(maker + O_ACCOUNT), flags & FLAG_SIDE);
    if (entry !== 0) closable -= f64At(entryAt(entry) + SC_FILLED);
    // A reduce-only order without anything to close is canceled before its owner matters.
    if (closable <= 0) return 0;
    if (closable < lots) lots = closable;
  }
  const mode = stpOf(i32At(taker + O_FLAGS));
  // A trade with itself (STP_NONE) leaves its position as it is.
  if (mode !== STP_NONE && i32At(maker + O_ACCOUNT) === i32At(taker + O_ACCOUNT)) {
    return mode === STP_CANCEL_MAKER ? 0 : -1;
  }
  return lots < missing ? lots : missing;
}

/** Adds to what the maker's account has filled; returns the length of the list. */
function note(book: i32, maker: i32, lots: f64, seen: i32): i32 {
  const settled = settledOf(book, i32At(maker + O_ACCOUNT));
  const known = i32At(settled + S_SCRATCH);
  if (known !== 0) {
    const at = entryAt(known) + SC_FILLED;
    setF64(at, f64At(at) + lots);
    return seen;
  }
  if (seen === i32At(H_SCRATCH_CAPACITY)) widen(seen);
  const entry = entryAt(seen + 1);
  setF64(entry + SC_FILLED, lots);
  setI32(entry + SC_SETTLED, settled);
  setI32(settled + S_SCRATCH, seen + 1);
  return seen + 1;
}

/** Entries are counted from 1, so that 0 in a row means none. */
function entryAt(number: i32): i32 {
  return i32At(H_SCRATCH) + (number - 1) * ENTRY_BYTES;
}

function widen(capacity: i32): void {
  const wider = capacity === 0 ? 64 : capacity * 2;
  const to = allocate(wider * ENTRY_BYTES);
  if (capacity !== 0) {
    copyBytes(to, i32At(H_SCRATCH), capacity * ENTRY_BYTES);
    release(i32At(H_SCRATCH), capacity * ENTRY_BYTES);
  }
  setI32(H_SCRATCH, to);
  setI32(H_SCRATCH_CAPACITY, wider);
}
