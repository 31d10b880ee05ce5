import {
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  SLOT_BYTES,
  W_ACCOUNT,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import { FLAG_CLIENT_TEXT } from '../messages/types.js';
import { allocate, release } from './heap.js';
import {
  B_HEAD,
  E_BASE,
  E_CAPACITY,
  E_LENGTH,
  O_ACCOUNT,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from './layout.js';
import { copyBytes, f64At, i32At, setF64, setI32 } from './memory.js';
import { clientRefOf, flagsOf } from './orders.js';

/** FLAG_CLIENT_TEXT is this bit: such an order's events have one slot more. */
const CLIENT_TEXT_SHIFT: i32 = 10;
const FIRST_CAPACITY: i32 = 4096;

/** Word of a message or event (`W_…`, `EW_…` of messages/layout.ts). */
export function wordOf(message: i32, word: i32): i32 {
  return i32At(message + (word << 2));
}

export function setWord(message: i32, word: i32, value: i32): void {
  setI32(message + (word << 2), value);
}

/** Float of a message or event (`F_…`, `EF_…`). */
export function floatOf(message: i32, float: i32): f64 {
  return f64At(message + (float << 3));
}

export function setFloat(message: i32, float: i32, value: f64): void {
  setF64(message + (float << 3), value);
}

export function openEvents(): void {
  setI32(E_BASE, allocate(FIRST_CAPACITY * SLOT_BYTES));
  setI32(E_CAPACITY, FIRST_CAPACITY);
}

/** Appends an empty event, all zero, and returns its address, which holds until the next one. */
export function pushEvent(slots: i32): i32 {
  const length = i32At(E_LENGTH);
  const end = length + slots;
  if (end > i32At(E_CAPACITY)) widenEvents(end);
  setI32(E_LENGTH, end);
  return i32At(E_BASE) + length * SLOT_BYTES;
}

/**
 * Appends an event that shows the order as its record stands: total in EF_LOTS, remaining in EF_REMAINING, all else zero.
 * The caller changes what the type needs. `id` is the order's. `flagBits` are added to the order's.
 */
export function pushOrderEvent(book: i32, type: i32, order: i32, id: f64, flagBits: i32): i32 {
  const flags = flagsOf(order);
  const slots = slotsOfEvents(flags);
  const event = pushEvent(slots);
  setWord(event, W_HEAD, type | (slots << 8) | i32At(book + B_HEAD));
  setWord(event, W_ACCOUNT, i32At(order + O_ACCOUNT));
  setFloat(event, EF_ORDER_ID, id);
  setFloat(event, EF_LOTS, f64At(order + O_TOTAL));
  setFloat(event, EF_REMAINING, f64At(order + O_REMAINING));
  setWord(event, EW_PRICE, i32At(order + O_PRICE));
  setWord(event, EW_FLAGS, flags | flagBits);
  setWord(event, EW_LOSS_TICKS, i32At(order + O_LOSS_TICKS));
  setWord(event, EW_CLIENT_REF, clientRefOf(order));
  return event;
}

/** Slots of an event of an order with these flags. */
export function slotsOfEvents(flags: i32): i32 {
  return EVENT_SLOTS + ((flags & FLAG_CLIENT_TEXT) >>> CLIENT_TEXT_SHIFT);
}

/** Marks the event as the answer to the message. */
export function answer(event: i32, message: i32): void {
  setWord(event, EW_SESSION, wordOf(message, W_SESSION));
  setWord(event, EW_REQUEST, wordOf(message, W_REQUEST));
}

/** Makes room for at least so many slots. */
export function widenEvents(least: i32): void {
  const capacity = i32At(E_CAPACITY);
  let wider = capacity;
  while (wider < least) wider *= 2;
  const from = i32At(E_BASE);
  const to = allocate(wider * SLOT_BYTES);
  copyBytes(to, from, i32At(E_LENGTH) * SLOT_BYTES);
  release(from, capacity * SLOT_BYTES);
  setI32(E_BASE, to);
  setI32(E_CAPACITY, wider);
}
