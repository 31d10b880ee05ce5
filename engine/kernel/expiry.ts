import { allocate, release } from './heap.js';
import {
  B_EXPIRY,
  B_EXPIRY_CAPACITY,
  B_EXPIRY_COUNT,
  EXPIRY_BYTES,
  EXPIRY_SHIFT,
  O_EXPIRY_POSITION,
  X_ORDER,
  X_TIME,
} from './layout.js';
import { copyBytes, f64At, i32At, setF64, setI32 } from './memory.js';
import { idOf, restOf } from './orders.js';

/**
 * Orders that expire as a binary heap by (expiry, order id): the earliest first, ties by age. Each order knows its
 * position, so that a cancel takes it out at once and the heap never holds dead orders.
 */

/** Earliest expiry; only when the queue is not empty. */
export function firstExpiryMs(book: i32): f64 {
  return f64At(i32At(book + B_EXPIRY) + X_TIME);
}

/** The order that expires first. */
export function firstToExpire(book: i32): i32 {
  return i32At(i32At(book + B_EXPIRY) + X_ORDER);
}

/** 0: the order does not expire. */
export function expiryOf(book: i32, order: i32): f64 {
  const position = i32At(restOf(order) + O_EXPIRY_POSITION);
  return position === 0 ? 0 : f64At(entryAt(book, position - 1) + X_TIME);
}

export function addExpiry(book: i32, order: i32, expiryMs: f64): void {
  const count = i32At(book + B_EXPIRY_COUNT);
  if (count === i32At(book + B_EXPIRY_CAPACITY)) widen(book, count);
  put(book, count, order, expiryMs);
  setI32(book + B_EXPIRY_COUNT, count + 1);
  rise(book, count);
}

/** Does nothing when the order does not expire. */
export function removeExpiry(book: i32, order: i32): void {
  const position = i32At(restOf(order) + O_EXPIRY_POSITION);
  if (position === 0) return;
  setI32(restOf(order) + O_EXPIRY_POSITION, 0);
  const at = position - 1;
  const last = i32At(book + B_EXPIRY_COUNT) - 1;
  setI32(book + B_EXPIRY_COUNT, last);
  if (at === last) return;
  const entry = entryAt(book, last);
  put(book, at, i32At(entry + X_ORDER), f64At(entry + X_TIME));
  sink(book, at);
  rise(book, at);
}

function entryAt(book: i32, at: i32): i32 {
  return i32At(book + B_EXPIRY) + (at << EXPIRY_SHIFT);
}

function put(book: i32, at: i32, order: i32, expiryMs: f64): void {
  const entry = entryAt(book, at);
  setI32(entry + X_ORDER, order);
  setF64(entry + X_TIME, expiryMs);
  setI32(restOf(order) + O_EXPIRY_POSITION, at + 1);
}

function isBefore(book: i32, a: i32, b: i32): boolean {
  const first = entryAt(book, a);
  const second = entryAt(book, b);
  const difference: f64 = f64At(first + X_TIME) - f64At(second + X_TIME);
  if (difference !== 0) return difference < 0;
  return idOf(i32At(first + X_ORDER)) < idOf(i32At(second + X_ORDER));
}

function swap(book: i32, a: i32, b: i32): void {
  const first = entryAt(book, a);
  const second = entryAt(book, b);
  const order = i32At(first + X_ORDER);
  const expiryMs = f64At(first + X_TIME);
  put(book, a, i32At(second + X_ORDER), f64At(second + X_TIME));
  put(book, b, order, expiryMs);
}

function rise(book: i32, start: i32): void {
  let at = start;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(book, at, parent)) return;
    swap(book, at, parent);
    at = parent;
  }
}

function sink(book: i32, start: i32): void {
  const count = i32At(book + B_EXPIRY_COUNT);
  let at = start;
  for (;;) {
    let least = at;
    for (let child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
      if (isBefore(book, child, least)) least = child;
    }
    if (least === at) return;
    swap(book, at, least);
    at = least;
  }
}

function widen(book: i32, capacity: i32): void {
  const wider = capacity === 0 ? 64 : capacity * 2;
  const to = allocate(wider * EXPIRY_BYTES);
  if (capacity !== 0) {
    const from = i32At(book + B_EXPIRY);
    copyBytes(to, from, capacity * EXPIRY_BYTES);
    release(from, capacity * EXPIRY_BYTES);
  }
  setI32(book + B_EXPIRY, to);
  setI32(book + B_EXPIRY_CAPACITY, wider);
}
