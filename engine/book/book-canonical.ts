import { SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { type BookStore, COUNTER_LAST_ORDER_ID, COUNTER_LAST_TRADE } from './book-store.js';
import { NO_KEY } from './ladder.js';
import {
  FLOAT_SHIFT,
  LINK_NEXT,
  LINK_SHIFT,
  OF_ID,
  OF_REMAINING,
  OF_TOTAL,
  OW_ACCOUNT,
  OW_CLIENT_REF,
  OW_EXPIRY_POSITION,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';

/** Canonical form of a book; fields and order are given at `OrderBook.writeCanonical`. */
export function writeBook(store: BookStore, writer: CanonicalWriter, references: boolean): void {
  writer.put(store.counters[COUNTER_LAST_ORDER_ID] as number);
  writer.put(store.counters[COUNTER_LAST_TRADE] as number);
  for (const side of [SIDE_BUY, SIDE_SELL]) {
    const ladder = store.ladder(side);
    const countAt = writer.length;
    writer.put(0);
    let count = 0;
    for (let key = ladder.bestKey; key !== NO_KEY; key = ladder.nextKey(key)) {
      let slot = ladder.headAt(key);
      while (slot !== 0) {
        writeOrder(store, writer, slot, references);
        count++;
        slot = store.pool.links[(slot << LINK_SHIFT) | LINK_NEXT] as number;
      }
    }
    writer.patch(countAt, count);
  }
}

/** Into an empty store. Account lists are rebuilt by id, which is the order in which they grew. */
export function readBook(store: BookStore, reader: CanonicalReader): void {
  store.counters[COUNTER_LAST_ORDER_ID] = reader.take();
  store.counters[COUNTER_LAST_TRADE] = reader.take();
  const slots: number[] = [];
  const expiries: number[] = [];
  for (let side = 0; side < 2; side++) {
    const count = reader.take();
    for (let i = 0; i < count; i++) {
      const slot = store.pool.take();
      expiries.push(readOrder(store, reader, slot));
      store.enqueue(slot);
      slots.push(slot);
    }
  }
  const byId = slots.map((_slot, i) => i);
  const idOf = (i: number) =>
    store.pool.floats[((slots[i] as number) << FLOAT_SHIFT) | OF_ID] as number;
  byId.sort((a, b) => idOf(a) - idOf(b));
  for (const i of byId) {
    store.register(slots[i] as number);
    if (expiries[i] !== 0) store.expiry.add(slots[i] as number, expiries[i] as number);
  }
}

function writeOrder(
  store: BookStore,
  writer: CanonicalWriter,
  slot: number,
  references: boolean,
): void {
  const words = store.pool.words;
  const floats = store.pool.floats;
  const record = slot << WORD_SHIFT;
  const at = slot << FLOAT_SHIFT;
  writer.put(floats[at | OF_ID] as number);
  writer.put(words[record | OW_ACCOUNT] as number);
  writer.put(words[record | OW_FLAGS] as number);
  writer.put(words[record | OW_PRICE] as number);
  writer.put(floats[at | OF_REMAINING] as number);
  writer.put(floats[at | OF_TOTAL] as number);
  writer.put(store.expiry.expiryOf(slot));
  writer.put(words[record | OW_LOSS_TICKS] as number);
  if (references) writer.put(words[record | OW_CLIENT_REF] as number);
}

/** Returns the order's expiry, 0 for none. */
function readOrder(store: BookStore, reader: CanonicalReader, slot: number): number {
  const words = store.pool.words;
  const floats = store.pool.floats;
  const record = slot << WORD_SHIFT;
  const at = slot << FLOAT_SHIFT;
  floats[at | OF_ID] = reader.take();
  words[record | OW_ACCOUNT] = reader.take();
  words[record | OW_FLAGS] = reader.take();
  words[record | OW_PRICE] = reader.take();
  floats[at | OF_REMAINING] = reader.take();
  floats[at | OF_TOTAL] = reader.take();
  const expiry = reader.take();
  words[record | OW_LOSS_TICKS] = reader.take();
  words[record | OW_CLIENT_REF] = reader.take();
  words[record | OW_EXPIRY_POSITION] = 0;
  return expiry;
}
