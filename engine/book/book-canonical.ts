import type { Kernel } from '../kernel/host/kernel.js';
import {
  B_LADDERS,
  B_LAST_ORDER_ID,
  B_LAST_PRICE,
  B_LAST_TRADE,
  L_BEST,
  LADDER_SHIFT,
  O_ACCOUNT,
  O_CLIENT_REF,
  O_EXPIRY_POSITION,
  O_FLAGS,
  O_ID,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
} from '../kernel/layout.js';
import { NO_CLIENT_REF, ORDER_HAS_REF, restOf } from '../kernel/orders.js';
import { SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { PRICE_TICKS_MAX } from '../units/units.js';

/** Key of an empty side. */
const NO_KEY = PRICE_TICKS_MAX;

/** Canonical form of a book; fields and order are given at `OrderBook.writeCanonical`. */
export function writeBook(
  kernel: Kernel,
  book: number,
  writer: CanonicalWriter,
  references: boolean,
): void {
  writer.put(kernel.float(book + B_LAST_ORDER_ID));
  writer.put(kernel.float(book + B_LAST_TRADE));
  writer.put(kernel.word(book + B_LAST_PRICE));
  for (const side of [SIDE_BUY, SIDE_SELL]) {
    const countAt = writer.length;
    writer.put(0);
    let count = 0;
    forEachOrder(kernel, book, side, (order) => {
      writeOrder(kernel, book, writer, order, references);
      count++;
    });
    writer.patch(countAt, count);
  }
}

/** Best level first, each in queue order. */
export function forEachOrder(
  kernel: Kernel,
  book: number,
  side: number,
  visit: (order: number) => void,
): void {
  const { calls } = kernel;
  const ladder = book + B_LADDERS + (side << LADDER_SHIFT);
  for (let key = kernel.word(ladder + L_BEST); key !== NO_KEY; key = calls.nextKey(ladder, key)) {
    const level = calls.anyLevel(ladder, key);
    for (let order = calls.firstOf(level); order !== 0; order = calls.nextOf(level, order)) {
      visit(order);
    }
  }
}

/** Into an empty book. Account lists are rebuilt by id, which is the order in which they grew. */
export function readBook(kernel: Kernel, book: number, reader: CanonicalReader): void {
  kernel.floats[(book + B_LAST_ORDER_ID) >> 3] = reader.take();
  kernel.floats[(book + B_LAST_TRADE) >> 3] = reader.take();
  kernel.words[(book + B_LAST_PRICE) >> 2] = reader.take();
  const read: { order: number; id: number; expiryMs: number }[] = [];
  for (let side = 0; side < 2; side++) {
    const count = reader.take();
    for (let i = 0; i < count; i++) {
      const order = kernel.calls.takeOrder();
      kernel.refresh();
      const expiryMs = readOrder(kernel, reader, order);
      kernel.calls.openRow(book, kernel.word(order + O_ACCOUNT));
      kernel.calls.enqueue(book, order);
      kernel.refresh();
      read.push({ order, id: kernel.calls.idOf(order), expiryMs });
    }
  }
  read.sort((a, b) => a.id - b.id);
  for (const { order, expiryMs } of read) {
    kernel.calls.register(book, order);
    if (expiryMs !== 0) kernel.calls.addExpiry(book, order, expiryMs);
    kernel.refresh();
  }
}

function writeOrder(
  kernel: Kernel,
  book: number,
  writer: CanonicalWriter,
  order: number,
  references: boolean,
): void {
  writer.put(kernel.calls.idOf(order));
  writer.put(kernel.word(order + O_ACCOUNT));
  writer.put(kernel.calls.flagsOf(order));
  writer.put(kernel.word(order + O_PRICE));
  writer.put(kernel.float(order + O_REMAINING));
  writer.put(kernel.float(order + O_TOTAL));
  writer.put(kernel.calls.expiryOf(book, order));
  writer.put(kernel.word(order + O_LOSS_TICKS));
  if (references) writer.put(kernel.calls.clientRefOf(order));
}

/** Returns the order's expiry, 0 for none. */
function readOrder(kernel: Kernel, reader: CanonicalReader, order: number): number {
  const { words, floats } = kernel;
  const rest = restOf(order);
  floats[(rest + O_ID) >> 3] = reader.take();
  words[(order + O_ACCOUNT) >> 2] = reader.take();
  const flags = reader.take();
  words[(order + O_PRICE) >> 2] = reader.take();
  floats[(order + O_REMAINING) >> 3] = reader.take();
  floats[(order + O_TOTAL) >> 3] = reader.take();
  const expiryMs = reader.take();
  words[(order + O_LOSS_TICKS) >> 2] = reader.take();
  const ref = reader.take();
  words[(rest + O_CLIENT_REF) >> 2] = ref;
  words[(order + O_FLAGS) >> 2] = ref === NO_CLIENT_REF ? flags : flags | ORDER_HAS_REF;
  words[(rest + O_EXPIRY_POSITION) >> 2] = 0;
  return expiryMs;
}
