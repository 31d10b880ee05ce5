import { SLOT_BYTES, typeOf, W_HEAD } from '../messages/layout.js';
import {
  MSG_AMEND,
  MSG_AMEND_GRANTED,
  MSG_CANCEL,
  MSG_MASS_CANCEL,
  MSG_PLACE,
  MSG_REPLACE,
} from '../messages/types.js';
import { amend } from './amending.js';
import { cancel, massCancel } from './canceling.js';
import { ladderOf } from './changes.js';
import { openEvents, wordOf } from './events.js';
import { FETCH_AHEAD, fetchForBook } from './fetch-ahead.js';
import { allocate, prepareHeap } from './heap.js';
import { openLadder } from './ladder.js';
import {
  B_HEAD,
  B_LEDGER,
  B_MICRO_DENOMINATOR,
  B_MICRO_NUMERATOR,
  B_PRICE_MAX,
  BOOK_BYTES,
  E_BASE,
  E_LENGTH,
} from './layout.js';
import { fail, fillZero, i32At, setF64, setI32 } from './memory.js';
import { openIndex } from './order-index.js';
import { place, replace } from './placing.js';

/** Once, in memory that is all zero. */
export function openHeap(): void {
  prepareHeap();
  openEvents();
}

/** An empty book. `ledger`: who keeps its positions (LEDGER_…). */
export function openBook(marketId: i32, priceTicksMax: i32, windowBits: i32, ledger: i32): i32 {
  const book = allocate(BOOK_BYTES);
  setI32(book + B_HEAD, marketId << 16);
  setI32(book + B_PRICE_MAX, priceTicksMax);
  setI32(book + B_LEDGER, ledger);
  openLadder(ladderOf(book, 0), windowBits);
  openLadder(ladderOf(book, 1), windowBits);
  openIndex(book);
  return book;
}

/** Micro-USD of a tick·lot, as a fraction. */
export function setContract(book: i32, microNumerator: f64, microDenominator: f64): void {
  setF64(book + B_MICRO_NUMERATOR, microNumerator);
  setF64(book + B_MICRO_DENOMINATOR, microDenominator);
}

/** A message of a margin actor, already admitted by the market actor. */
function applyMessage(book: i32, message: i32): void {
  const type = typeOf(wordOf(message, W_HEAD));
  if (type === MSG_AMEND || type === MSG_AMEND_GRANTED) amend(book, message);
  else if (type === MSG_PLACE) place(book, message);
  else if (type === MSG_CANCEL) cancel(book, message);
  else if (type === MSG_REPLACE) replace(book, message);
  else if (type === MSG_MASS_CANCEL) massCancel(book, message);
  else fail();
}

/** Empties the event buffer; unused slots hold zeros. */
export function resetEvents(): void {
  fillZero(i32At(E_BASE), i32At(E_LENGTH) * SLOT_BYTES);
  setI32(E_LENGTH, 0);
}

/** Messages of one slot each, one after another. */
export function applyMessages(book: i32, first: i32, count: i32): void {
  for (let from = 0; from < count; from += FETCH_AHEAD) {
    const to = count < from + FETCH_AHEAD ? count : from + FETCH_AHEAD;
    if (count > 1) fetchForBook(book, first + from * SLOT_BYTES, to - from);
    for (let i = from; i < to; i++) applyMessage(book, first + i * SLOT_BYTES);
  }
}
