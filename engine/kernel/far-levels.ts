import { allocate, release } from './heap.js';
import {
  FAR_BYTES,
  FAR_KEY,
  L_FAR,
  L_FAR_CAPACITY,
  L_FAR_COUNT,
  L_FAR_LEAVES,
  LEVEL_BYTES,
  V_NODE,
} from './layout.js';
import { moveOwner, openList } from './lists.js';
import { copyBytes, fillZero, i32At, setI32 } from './memory.js';

/**
 * Price levels outside of a ladder's window, sorted by key, best (smallest) first: leaves of up to 32 levels, and a table of the
 * leaves in order. None is empty. *Reason:* whoever has money for the margin can fill a hundred thousand prices far from the best. In
 * one sorted array each order there moved half of them: 160 µs with 80,000 levels, in which nobody else could trade.
 */
const LEAF_LEVELS: i32 = 32;
const LEAF_SHIFT: i32 = 5;
const LEAF_BYTES: i32 = 1024;
/** Entry of the table: address of the leaf, levels in it. */
const ENTRY_SHIFT: i32 = 3;
const ENTRY_COUNT: i32 = 4;
const FIRST_LEAVES: i32 = 8;

/** The best far level whose key is ≥ `key`, 0 when there is none. */
export function nextFar(ladder: i32, key: i32): i32 {
  const leaves = i32At(ladder + L_FAR_LEAVES);
  if (leaves === 0) return 0;
  const number = leafFor(ladder, key);
  const place = placeIn(ladder, number, key);
  if (place < countIn(ladder, number)) return farAt(ladder, number, place);
  return number + 1 < leaves ? farAt(ladder, number + 1, 0) : 0;
}

/** The far level of this key; it exists. */
export function findFar(ladder: i32, key: i32): i32 {
  const number = leafFor(ladder, key);
  return farAt(ladder, number, placeIn(ladder, number, key));
}

/** The far level of this key, which is made when it does not exist. Others may take another place in memory. */
export function openFar(ladder: i32, key: i32): i32 {
  if (i32At(ladder + L_FAR_LEAVES) === 0) openLeaves(ladder, 0, 1);
  let number = leafFor(ladder, key);
  let place = placeIn(ladder, number, key);
  if (place < countIn(ladder, number) && i32At(farAt(ladder, number, place) + FAR_KEY) === key) {
    return farAt(ladder, number, place);
  }
  if (countIn(ladder, number) === LEAF_LEVELS) {
    const left = split(ladder, number);
    if (place > left) {
      number++;
      place -= left;
    }
  }
  for (let i = countIn(ladder, number); i > place; i--) {
    moveFar(farAt(ladder, number, i - 1), farAt(ladder, number, i));
  }
  addCount(ladder, number, 1);
  const level = farAt(ladder, number, place);
  fillZero(level, FAR_BYTES);
  openList(level + V_NODE);
  setI32(level + FAR_KEY, key);
  return level;
}

/** The far level of this key has no order left. */
export function dropFar(ladder: i32, key: i32): void {
  const number = leafFor(ladder, key);
  dropIn(ladder, number, placeIn(ladder, number, key), 1);
}

/**
 * Room for `count` levels that are better than all far ones: `freshFar` says where, and the caller moves them there with their keys, in
 * order.
 */
export function openFresh(ladder: i32, count: i32): void {
  const leaves = (count + LEAF_LEVELS - 1) >> LEAF_SHIFT;
  openLeaves(ladder, 0, leaves);
  for (let number = 0; number < leaves; number++) {
    const left = count - (number << LEAF_SHIFT);
    addCount(ladder, number, left < LEAF_LEVELS ? left : LEAF_LEVELS);
  }
}

/** Where the level at this place of a fresh room goes. */
export function freshFar(ladder: i32, place: i32): i32 {
  return farAt(ladder, place >> LEAF_SHIFT, place & (LEAF_LEVELS - 1));
}

/** Levels of the first leaf, 0 when there are no far levels. */
export function firstFars(ladder: i32): i32 {
  return i32At(ladder + L_FAR_LEAVES) === 0 ? 0 : countIn(ladder, 0);
}

/** The level at this place of the first leaf. */
export function firstFar(ladder: i32, place: i32): i32 {
  return farAt(ladder, 0, place);
}

/** The first levels of the first leaf have been moved elsewhere. */
export function dropFirst(ladder: i32, count: i32): void {
  dropIn(ladder, 0, 0, count);
}

/** A level takes another place in memory; its queue follows. */
export function moveLevel(from: i32, to: i32): void {
  copyBytes(to, from, LEVEL_BYTES);
  moveOwner(from + V_NODE, to + V_NODE);
}

function entryOf(ladder: i32, number: i32): i32 {
  return i32At(ladder + L_FAR) + (number << ENTRY_SHIFT);
}

function countIn(ladder: i32, number: i32): i32 {
  return i32At(entryOf(ladder, number) + ENTRY_COUNT);
}

function farAt(ladder: i32, number: i32, place: i32): i32 {
  return i32At(entryOf(ladder, number)) + place * FAR_BYTES;
}

/** The last leaf that begins with no larger key, else the first. */
function leafFor(ladder: i32, key: i32): i32 {
  let from = 0;
  let to = i32At(ladder + L_FAR_LEAVES);
  while (to - from > 1) {
    const middle = (from + to) >>> 1;
    if (i32At(farAt(ladder, middle, 0) + FAR_KEY) <= key) from = middle;
    else to = middle;
  }
  return from;
}

/** Place of the first level of the leaf whose key is ≥ `key`; behind its last when there is none. */
function placeIn(ladder: i32, number: i32, key: i32): i32 {
  let from = 0;
  let to = countIn(ladder, number);
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (i32At(farAt(ladder, number, middle) + FAR_KEY) < key) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The upper half of a full leaf becomes a leaf of its own. Returns how many are left. */
function split(ladder: i32, number: i32): i32 {
  const left = LEAF_LEVELS >> 1;
  openLeaves(ladder, number + 1, 1);
  for (let place = left; place < LEAF_LEVELS; place++) {
    moveFar(farAt(ladder, number, place), farAt(ladder, number + 1, place - left));
  }
  addCount(ladder, number, left - LEAF_LEVELS);
  addCount(ladder, number + 1, LEAF_LEVELS - left);
  return left;
}

/** Removes `count` levels of a leaf from `place` on. */
function dropIn(ladder: i32, number: i32, place: i32, count: i32): void {
  const length = countIn(ladder, number);
  for (let i = place + count; i < length; i++) {
    moveFar(farAt(ladder, number, i), farAt(ladder, number, i - count));
  }
  addCount(ladder, number, -count);
  if (length === count) closeLeaf(ladder, number);
}

function addCount(ladder: i32, number: i32, change: i32): void {
  setI32(entryOf(ladder, number) + ENTRY_COUNT, countIn(ladder, number) + change);
  setI32(ladder + L_FAR_COUNT, i32At(ladder + L_FAR_COUNT) + change);
}

function moveFar(from: i32, to: i32): void {
  moveLevel(from, to);
  setI32(to + FAR_KEY, i32At(from + FAR_KEY));
}

/** Puts empty leaves into the table, to be filled by the caller. */
function openLeaves(ladder: i32, number: i32, count: i32): void {
  const leaves = i32At(ladder + L_FAR_LEAVES);
  reserve(ladder, leaves + count);
  const from = entryOf(ladder, number);
  copyBytes(from + (count << ENTRY_SHIFT), from, (leaves - number) << ENTRY_SHIFT);
  for (let i = number; i < number + count; i++) {
    setI32(entryOf(ladder, i), allocate(LEAF_BYTES));
    setI32(entryOf(ladder, i) + ENTRY_COUNT, 0);
  }
  setI32(ladder + L_FAR_LEAVES, leaves + count);
}

function closeLeaf(ladder: i32, number: i32): void {
  const left = i32At(ladder + L_FAR_LEAVES) - 1;
  const entry = entryOf(ladder, number);
  release(i32At(entry), LEAF_BYTES);
  copyBytes(entry, entry + (1 << ENTRY_SHIFT), (left - number) << ENTRY_SHIFT);
  setI32(ladder + L_FAR_LEAVES, left);
}

function reserve(ladder: i32, count: i32): void {
  const capacity = i32At(ladder + L_FAR_CAPACITY);
  if (count <= capacity) return;
  let wider = capacity === 0 ? FIRST_LEAVES : capacity;
  while (wider < count) wider *= 2;
  const to = allocate(wider << ENTRY_SHIFT);
  if (capacity !== 0) {
    const from = i32At(ladder + L_FAR);
    copyBytes(to, from, i32At(ladder + L_FAR_LEAVES) << ENTRY_SHIFT);
    release(from, capacity << ENTRY_SHIFT);
  }
  setI32(ladder + L_FAR, to);
  setI32(ladder + L_FAR_CAPACITY, wider);
}
