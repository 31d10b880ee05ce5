import { Kernel } from '../kernel/host/kernel.js';
import {
  B_EXPIRY_COUNT,
  B_LADDERS,
  B_LAST_ORDER_ID,
  B_LAST_PRICE,
  B_OPEN_ORDERS,
  H_ORDER_CHUNKS,
  L_BEST,
  LADDER_SHIFT,
  LEDGER_NONE,
  LEDGER_OUTSIDE,
  O_ACCOUNT,
  O_PRICE,
  O_REMAINING,
  O_TOTAL,
  ORDER_BYTES,
  ORDERS_PER_CHUNK,
  R_OPEN_ORDERS,
  V_COUNT,
  V_LOTS,
} from '../kernel/layout.js';
import { F_ORDER_ID, SLOT_FLOATS, SLOT_WORDS, W_ACCOUNT } from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import {
  asPriceTicks,
  asQtyLots,
  PRICE_TICKS_MAX,
  type PriceTicks,
  type QtyLots,
} from '../units/units.js';
import { AccountRows } from './account-rows.js';
import { readBook, writeBook } from './book-canonical.js';
import { checkBook } from './book-check.js';
import {
  type FillLedger,
  type LevelVisitor,
  NO_ORDER,
  noPositions,
  type OrderBook,
  type OrderHandle,
} from './order-book.js';

export interface FastBookOptions {
  marketId: number;
  priceTicksMax: PriceTicks;
  /** Asked for positions when `book` is left out. */
  ledger: FillLedger;
  /** Size of each side's price window as a power of two; default 2^14 ticks. */
  windowBits?: number;
  /** One of its own, as JavaScript, when left out. */
  kernel?: Kernel;
  /** Address of a book that is open in the kernel already; a new one when left out. */
  book?: number;
}

export const WINDOW_BITS = 14;

/**
 * The book that trades. It lives in the kernel (`engine/kernel/`): records in one linear memory, circular queues, a bitmap over a
 * sliding window of prices, nothing allocated per command in steady state. Semantics: `OrderBook`.
 */
export class FastBook implements OrderBook {
  readonly kernel: Kernel;
  /** Its address in the kernel. */
  readonly book: number;
  readonly rows: AccountRows;

  constructor(options: FastBookOptions) {
    this.kernel = options.kernel ?? new Kernel();
    this.book = options.book ?? this.open(options);
    this.rows = new AccountRows(this.kernel, this.book);
  }

  get events(): MessageBuffer {
    return this.kernel.events;
  }

  get openOrders(): number {
    return this.kernel.word(this.book + B_OPEN_ORDERS);
  }

  bestBid(): PriceTicks {
    return asPriceTicks(this.kernel.calls.bestPrice(this.book, SIDE_BUY));
  }

  bestAsk(): PriceTicks {
    return asPriceTicks(this.kernel.calls.bestPrice(this.book, SIDE_SELL));
  }

  lastPrice(): PriceTicks {
    return asPriceTicks(this.kernel.word(this.book + B_LAST_PRICE));
  }

  place(inbox: MessageBuffer, slot: number): void {
    this.apply(inbox, slot);
  }

  replace(inbox: MessageBuffer, slot: number): void {
    this.apply(inbox, slot);
  }

  cancel(inbox: MessageBuffer, slot: number): void {
    this.apply(inbox, slot);
  }

  amend(inbox: MessageBuffer, slot: number): void {
    this.apply(inbox, slot);
  }

  massCancel(inbox: MessageBuffer, slot: number): void {
    this.apply(inbox, slot);
  }

  /** Messages of one slot each, one after another, in one step. They stand in the kernel's memory (`openBuffer`). */
  applyAll(inbox: MessageBuffer, slot: number, count: number): void {
    const { kernel } = this;
    kernel.enter();
    kernel.calls.applyMessages(this.book, kernel.addressOf(inbox, slot), count);
    kernel.leave();
  }

  expire(nowMs: number): void {
    this.kernel.enter();
    this.kernel.calls.expire(this.book, nowMs);
    this.kernel.leave();
  }

  cancelEverything(reason: number): void {
    this.kernel.enter();
    this.kernel.calls.cancelEverything(this.book, reason);
    this.kernel.leave();
  }

  trim(account: number): void {
    this.kernel.enter();
    this.kernel.calls.trimAccount(this.book, account);
    this.kernel.leave();
  }

  takeOrderId(): number {
    const at = (this.book + B_LAST_ORDER_ID) >> 3;
    const id = (this.kernel.floats[at] as number) + 1;
    this.kernel.floats[at] = id;
    return id;
  }

  nextExpiryMs(): number {
    if (this.kernel.word(this.book + B_EXPIRY_COUNT) === 0) return Number.POSITIVE_INFINITY;
    return this.kernel.calls.firstExpiryMs(this.book);
  }

  find(inbox: MessageBuffer, slot: number): OrderHandle {
    const id = inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
    const order = this.kernel.calls.findOrder(this.book, id);
    if (order === 0) return NO_ORDER;
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    return this.kernel.word(order + O_ACCOUNT) === account ? order : NO_ORDER;
  }

  flagsOf(order: OrderHandle): number {
    return this.kernel.calls.flagsOf(order);
  }

  priceOf(order: OrderHandle): PriceTicks {
    return asPriceTicks(this.kernel.word(order + O_PRICE));
  }

  totalLotsOf(order: OrderHandle): QtyLots {
    return asQtyLots(this.kernel.float(order + O_TOTAL));
  }

  remainingLotsOf(order: OrderHandle): QtyLots {
    return asQtyLots(this.kernel.float(order + O_REMAINING));
  }

  openOrdersOf(account: number): number {
    const row = this.rows.at(account);
    return row === 0 ? 0 : this.kernel.word(row + R_OPEN_ORDERS);
  }

  forEachLevel(side: number, depth: number, visit: LevelVisitor): void {
    const { kernel } = this;
    const ladder = this.book + B_LADDERS + (side << LADDER_SHIFT);
    let seen = 0;
    let key = kernel.word(ladder + L_BEST);
    while (key !== PRICE_TICKS_MAX && seen < depth) {
      const level = kernel.calls.anyLevel(ladder, key);
      const price = asPriceTicks(side === SIDE_BUY ? PRICE_TICKS_MAX - key : key + 1);
      visit(price, asQtyLots(kernel.float(level + V_LOTS)), kernel.word(level + V_COUNT));
      seen++;
      key = kernel.calls.nextKey(ladder, key);
    }
  }

  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    writeBook(this.kernel, this.book, writer, references);
  }

  readCanonical(reader: CanonicalReader): void {
    readBook(this.kernel, this.book, reader);
  }

  check(): void {
    checkBook(this.kernel, this.book, this.rows);
  }

  /** Bytes held for orders and their index, for the memory benchmark. */
  get orderBytes(): number {
    const records = this.kernel.word(H_ORDER_CHUNKS) * ORDERS_PER_CHUNK * ORDER_BYTES;
    return records + this.kernel.calls.indexBytes(this.book);
  }

  private apply(inbox: MessageBuffer, slot: number): void {
    const { kernel } = this;
    kernel.enter();
    kernel.calls.applyMessages(this.book, kernel.addressOf(inbox, slot), 1);
    kernel.leave();
  }

  private open(options: FastBookOptions): number {
    const { marketId, priceTicksMax, ledger, windowBits } = options;
    const keeper = ledger === noPositions ? LEDGER_NONE : LEDGER_OUTSIDE;
    const bits = windowBits ?? WINDOW_BITS;
    const book = this.kernel.calls.openBook(marketId, priceTicksMax, bits, keeper);
    this.kernel.refresh();
    this.kernel.keepPositionsOf(book, ledger);
    return book;
  }
}
