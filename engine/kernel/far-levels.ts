import { allocate, release } from './heap.js';
import {
  FAR_BYTES,
  FAR_KEY,
  L_FAR,
  L_FAR_CAPACITY,
  L_FAR_COUNT,
  LEVEL_BYTES,
  V_NODE,
} from './layout.js';
import { moveOwner, openList } from './lists.js';
import { copyBytes, fillZero, i32At, setI32 } from './memory.js';

/**
 * Price levels outside of a ladder's window, sorted by key, best (smallest) first. They are few and rarely touched, so
 * binary search and moving the rest up is simple and quick enough.
 */

/** The far level at a place in the order of keys. */
export function farLevel(ladder: i32, place: i32): i32 {
  return i32At(ladder + L_FAR) + place * FAR_BYTES;
}

/** Place of the first far level whose key is ≥ `key`. */
export function placeOfFar(ladder: i32, key: i32): i32 {
  let from = 0;
  let to = i32At(ladder + L_FAR_COUNT);
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (i32At(farLevel(ladder, middle) + FAR_KEY) < key) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The far level of this key; it exists. */
export function findFar(ladder: i32, key: i32): i32 {
  return farLevel(ladder, placeOfFar(ladder, key));
}

/** The far level of this key, which is made when it does not exist. */
export function openFar(ladder: i32, key: i32): i32 {
  const place = placeOfFar(ladder, key);
  const count = i32At(ladder + L_FAR_COUNT);
  if (place < count && i32At(farLevel(ladder, place) + FAR_KEY) === key) {
    return farLevel(ladder, place);
  }
  openGap(ladder, place, 1);
  setI32(farLevel(ladder, place) + FAR_KEY, key);
  return farLevel(ladder, place);
}

/** Makes room for `count` empty levels from `place` on. */
export function openGap(ladder: i32, place: i32, count: i32): void {
  const length = i32At(ladder + L_FAR_COUNT);
  reserve(ladder, length + count);
  for (let i = length - 1; i >= place; i--) {
    moveFar(farLevel(ladder, i), farLevel(ladder, i + count));
  }
  for (let i = place; i < place + count; i++) {
    const level = farLevel(ladder, i);
    fillZero(level, FAR_BYTES);
    openList(level + V_NODE);
  }
  setI32(ladder + L_FAR_COUNT, length + count);
}

/** Removes `count` levels from `place` on. */
export function closeGap(ladder: i32, place: i32, count: i32): void {
  const length = i32At(ladder + L_FAR_COUNT);
  for (let i = place + count; i < length; i++) {
    moveFar(farLevel(ladder, i), farLevel(ladder, i - count));
  }
  setI32(ladder + L_FAR_COUNT, length - count);
}

/** The far level of this key has no order left. */
export function dropFar(ladder: i32, key: i32): void {
  closeGap(ladder, placeOfFar(ladder, key), 1);
}

/** A level takes another place in memory; its queue follows. */
export function moveLevel(from: i32, to: i32): void {
  copyBytes(to, from, LEVEL_BYTES);
  moveOwner(from + V_NODE, to + V_NODE);
}

function moveFar(from: i32, to: i32): void {
  moveLevel(from, to);
  setI32(to + FAR_KEY, i32At(from + FAR_KEY));
}

function reserve(ladder: i32, count: i32): void {
  const capacity = i32At(ladder + L_FAR_CAPACITY);
  if (count <= capacity) return;
  let wider = capacity === 0 ? 16 : capacity;
  while (wider < count) wider *= 2;
  const to = allocate(wider * FAR_BYTES);
  if (capacity !== 0) {
    const from = i32At(ladder + L_FAR);
    for (let i = 0; i < i32At(ladder + L_FAR_COUNT); i++) {
      moveFar(from + i * FAR_BYTES, to + i * FAR_BYTES);
    }
    release(from, capacity * FAR_BYTES);
  }
  setI32(ladder + L_FAR, to);
  setI32(ladder + L_FAR_CAPACITY, wider);
}
