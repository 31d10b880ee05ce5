import { addToBitmap, deleteFromBitmap, nextInBitmap } from './bitmap.js';
import {
  dropFar,
  dropFirst,
  findFar,
  firstFar,
  firstFars,
  freshFar,
  moveLevel,
  nextFar,
  openFar,
  openFresh,
} from './far-levels.js';
import { allocate } from './heap.js';
import {
  B_LADDERS,
  FAR_KEY,
  L_BASE,
  L_BEST,
  L_COUNT,
  L_FAR_COUNT,
  L_LEAVES,
  L_LEVELS,
  L_MIDDLE,
  L_SIZE,
  L_TOP,
  LADDER_SHIFT,
  LEVEL_BYTES,
  N_NEXT,
  V_COUNT,
  V_LOTS,
  V_NODE,
} from './layout.js';
import { linkLast, openList, unlink } from './lists.js';
import { f64At, fillZero, i32At, setF64, setI32 } from './memory.js';
import { orderOfQueueNode, queueNodeOf } from './orders.js';

/** Key of an empty side: worse than every price. */
export const NO_KEY: i32 = 2147483647;

/**
 * One side of the book. A window of 2^bits consecutive keys has a level for each (found by `key & mask`, so sliding the
 * window moves nothing) and a bitmap for the next non-empty one. The window always contains the best level; levels
 * worse than its end are far levels. Invariant: every far key ≥ base + size.
 */
export function openLadder(ladder: i32, windowBits: i32): void {
  const size = 1 << windowBits;
  setI32(ladder + L_BEST, NO_KEY);
  setI32(ladder + L_SIZE, size);
  const levels = allocate(size * LEVEL_BYTES);
  for (let i = 0; i < size; i++) openList(levels + i * LEVEL_BYTES + V_NODE);
  setI32(ladder + L_LEVELS, levels);
  setI32(ladder + L_LEAVES, allocate(size >> 3));
  setI32(ladder + L_MIDDLE, allocate((size >> 8) + 4));
  setI32(ladder + L_TOP, allocate((size >> 13) + 4));
}

/**
 * Key of a price: smaller is better on both sides, so that one ladder serves bids and asks. Ask: price − 1. Bid:
 * 2^31 − 1 − price, which is price with all bits turned. Both map 1 … 2^31 − 1 onto 0 … 2^31 − 2. Without a
 * branch, for which side comes next cannot be predicted.
 */
export function keyOf(side: i32, priceTicks: i32): i32 {
  return (priceTicks ^ ((side - 1) & NO_KEY)) - side;
}

export function priceOfKey(side: i32, key: i32): i32 {
  return side === 0 ? NO_KEY - key : key + 1;
}

/** Puts the order at the end of its level's queue. */
export function appendOrder(ladder: i32, order: i32, key: i32, lots: f64): void {
  const best = i32At(ladder + L_BEST);
  if (key < best) makeBest(ladder, key, best);
  else if (key - i32At(ladder + L_BASE) >= i32At(ladder + L_SIZE) && !reachFor(ladder, key)) {
    queue(openFar(ladder, key), order, lots);
    return;
  }
  if (queue(levelOf(ladder, key), order, lots)) {
    addToBitmap(ladder, key & (i32At(ladder + L_SIZE) - 1));
    setI32(ladder + L_COUNT, i32At(ladder + L_COUNT) + 1);
  }
}

/** Takes the order, which has `lots` left, out of its level's queue. */
export function removeOrder(ladder: i32, order: i32, key: i32, lots: f64): void {
  const isFar = key - i32At(ladder + L_BASE) >= i32At(ladder + L_SIZE);
  const level = isFar ? findFar(ladder, key) : levelOf(ladder, key);
  setI32(level + V_COUNT, i32At(level + V_COUNT) - 1);
  setF64(level + V_LOTS, f64At(level + V_LOTS) - lots);
  if (!unlink(queueNodeOf(order))) return;
  if (isFar) dropFar(ladder, key);
  else dropLevel(ladder, key);
}

/** Moves an order, which has `lots` left, to the end of another level's queue. */
export function moveOrder(ladder: i32, order: i32, from: i32, to: i32, lots: f64): void {
  const base = i32At(ladder + L_BASE);
  const size = i32At(ladder + L_SIZE);
  if (to >= base && to - base < size && from - base < size) {
    relink(ladder, order, from, to, lots);
    return;
  }
  removeOrder(ladder, order, from, lots);
  appendOrder(ladder, order, to, lots);
}

/** As `moveOrder`; both keys are inside of the window, so it stays where it is. */
function relink(ladder: i32, order: i32, from: i32, to: i32, lots: f64): void {
  const node = queueNodeOf(order);
  const old = levelOf(ladder, from);
  unlink(node);
  const left = i32At(old + V_COUNT) - 1;
  setI32(old + V_COUNT, left);
  setF64(old + V_LOTS, f64At(old + V_LOTS) - lots);
  const level = levelOf(ladder, to);
  const count = i32At(level + V_COUNT);
  setI32(level + V_COUNT, count + 1);
  setF64(level + V_LOTS, f64At(level + V_LOTS) + lots);
  linkLast(level + V_NODE, node);
  if (count === 0 && from !== to) {
    addToBitmap(ladder, to & (i32At(ladder + L_SIZE) - 1));
    setI32(ladder + L_COUNT, i32At(ladder + L_COUNT) + 1);
    if (to < i32At(ladder + L_BEST)) setI32(ladder + L_BEST, to);
  }
  if (left === 0 && from !== to) dropLevel(ladder, from);
}

/** The order stays, but loses lots. */
export function reduceLevel(ladder: i32, key: i32, lots: f64): void {
  const level = anyLevel(ladder, key);
  setF64(level + V_LOTS, f64At(level + V_LOTS) - lots);
}

/** Best price of a side, 0 when it is empty. */
export function bestPrice(book: i32, side: i32): i32 {
  const key = i32At(book + B_LADDERS + (side << LADDER_SHIFT) + L_BEST);
  return key === NO_KEY ? 0 : priceOfKey(side, key);
}

/** Oldest order of the best level; the side is not empty. */
export function bestHead(ladder: i32): i32 {
  return firstOf(levelOf(ladder, i32At(ladder + L_BEST)));
}

/** Next worse non-empty key after `key`, NO_KEY at the end. */
export function nextKey(ladder: i32, key: i32): i32 {
  if (key - i32At(ladder + L_BASE) < i32At(ladder + L_SIZE)) {
    const found = nextInWindow(ladder, key + 1);
    if (found !== NO_KEY) return found;
  }
  const far = nextFar(ladder, key + 1);
  return far === 0 ? NO_KEY : i32At(far + FAR_KEY);
}

/** The level of a non-empty key. */
export function anyLevel(ladder: i32, key: i32): i32 {
  const isFar = key - i32At(ladder + L_BASE) >= i32At(ladder + L_SIZE);
  return isFar ? findFar(ladder, key) : levelOf(ladder, key);
}

/** Oldest order of a level that is not empty. */
export function firstOf(level: i32): i32 {
  return orderOfQueueNode(i32At(level + V_NODE + N_NEXT));
}

/** The order behind this one in its level, 0 for none. */
export function nextOf(level: i32, order: i32): i32 {
  const node = i32At(queueNodeOf(order) + N_NEXT);
  return node === level + V_NODE ? 0 : orderOfQueueNode(node);
}

export function countOfLevels(ladder: i32): i32 {
  return i32At(ladder + L_COUNT) + i32At(ladder + L_FAR_COUNT);
}

function levelOf(ladder: i32, key: i32): i32 {
  return i32At(ladder + L_LEVELS) + (key & (i32At(ladder + L_SIZE) - 1)) * LEVEL_BYTES;
}

/** True when the level was empty before. */
function queue(level: i32, order: i32, lots: f64): boolean {
  setI32(level + V_COUNT, i32At(level + V_COUNT) + 1);
  setF64(level + V_LOTS, f64At(level + V_LOTS) + lots);
  const owner = level + V_NODE;
  return linkLast(owner, queueNodeOf(order)) === owner;
}

function dropLevel(ladder: i32, key: i32): void {
  deleteFromBitmap(ladder, key & (i32At(ladder + L_SIZE) - 1));
  const count = i32At(ladder + L_COUNT) - 1;
  setI32(ladder + L_COUNT, count);
  if (key !== i32At(ladder + L_BEST)) return;
  if (count > 0) setI32(ladder + L_BEST, nextInWindow(ladder, key + 1));
  else if (i32At(ladder + L_FAR_COUNT) > 0) {
    const best = i32At(firstFar(ladder, 0) + FAR_KEY);
    setI32(ladder + L_BEST, best);
    anchorAt(ladder, best);
    importFar(ladder);
  } else setI32(ladder + L_BEST, NO_KEY);
}

/** Smallest non-empty key ≥ `key` of the window, NO_KEY when there is none. */
function nextInWindow(ladder: i32, key: i32): i32 {
  const base = i32At(ladder + L_BASE);
  const size = i32At(ladder + L_SIZE);
  if (i32At(ladder + L_COUNT) === 0 || key - base >= size) return NO_KEY;
  const mask = size - 1;
  const from = key & mask;
  const start = base & mask;
  let found = nextInBitmap(ladder, from);
  // Indices wrap: the window's keys run from index `start` up to the end, then from 0 up to `start` − 1.
  if (found < 0 && from >= start && start > 0) found = nextInBitmap(ladder, 0);
  if (found < 0) return NO_KEY;
  const offset = (found - start) & mask;
  return offset >= key - base ? base + offset : NO_KEY;
}

/** `key` becomes the best: when it lies before the window, the window moves there. */
function makeBest(ladder: i32, key: i32, best: i32): void {
  const base = i32At(ladder + L_BASE);
  const size = i32At(ladder + L_SIZE);
  if (best === NO_KEY) {
    if (key < base || key - base >= size) anchorAt(ladder, key);
  } else if (key < base) {
    const moved = anchorOf(ladder, key);
    exportFrom(ladder, moved);
    setI32(ladder + L_BASE, moved);
  }
  setI32(ladder + L_BEST, key);
}

/**
 * Whether `key`, worse than the window's end, can be brought inside by moving the window towards worse prices. Only when
 * the best has drifted into the worse half, so that moves stay rare (each is paid for by a quarter window of drift).
 */
function reachFor(ladder: i32, key: i32): boolean {
  const best = i32At(ladder + L_BEST);
  const size = i32At(ladder + L_SIZE);
  if (best - i32At(ladder + L_BASE) < size >> 1) return false;
  anchorAt(ladder, best);
  importFar(ladder);
  return key - i32At(ladder + L_BASE) < size;
}

/** A quarter of the window lies before `key`, for better prices to come. */
function anchorOf(ladder: i32, key: i32): i32 {
  const base = key - (i32At(ladder + L_SIZE) >> 2);
  return base > 0 ? base : 0;
}

function anchorAt(ladder: i32, key: i32): void {
  setI32(ladder + L_BASE, anchorOf(ladder, key));
}

/**
 * Moves the levels with key ≥ `base` + size beyond the window, which is about to leave them. Every one of them is better
 * than all far levels, so they go to their front in one step.
 */
function exportFrom(ladder: i32, base: i32): void {
  const oldBase = i32At(ladder + L_BASE);
  // A window that ends behind the last key leaves nothing; its end would not fit into 32 bits.
  if (base > NO_KEY - i32At(ladder + L_SIZE)) return;
  const end = base + i32At(ladder + L_SIZE);
  const from = end > oldBase ? end : oldBase;
  let count = 0;
  for (let key = nextInWindow(ladder, from); key !== NO_KEY; key = nextInWindow(ladder, key + 1)) {
    count++;
  }
  if (count === 0) return;
  openFresh(ladder, count);
  let key = nextInWindow(ladder, from);
  for (let place = 0; place < count; place++) {
    const next = nextInWindow(ladder, key + 1);
    const level = levelOf(ladder, key);
    const far = freshFar(ladder, place);
    moveLevel(level, far);
    setI32(far + FAR_KEY, key);
    fillZero(level, LEVEL_BYTES);
    openList(level + V_NODE);
    deleteFromBitmap(ladder, key & (i32At(ladder + L_SIZE) - 1));
    setI32(ladder + L_COUNT, i32At(ladder + L_COUNT) - 1);
    key = next;
  }
}

/** Brings the far levels in that the window now covers: leaf by leaf, until one is not taken whole. */
function importFar(ladder: i32): void {
  let length = firstFars(ladder);
  while (length > 0) {
    const count = importFirst(ladder, length);
    if (count === 0) return;
    dropFirst(ladder, count);
    setI32(ladder + L_COUNT, i32At(ladder + L_COUNT) + count);
    if (count < length) return;
    length = firstFars(ladder);
  }
}

/** Moves those of the first leaf into the window that it covers. Returns how many. */
function importFirst(ladder: i32, length: i32): i32 {
  const base = i32At(ladder + L_BASE);
  const size = i32At(ladder + L_SIZE);
  for (let place = 0; place < length; place++) {
    const far = firstFar(ladder, place);
    const key = i32At(far + FAR_KEY);
    if (key - base >= size) return place;
    moveLevel(far, levelOf(ladder, key));
    addToBitmap(ladder, key & (size - 1));
  }
  return length;
}
