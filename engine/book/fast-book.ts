import {
  EF_EXPIRY,
  EF_LOTS,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_OLD_LOSS_TICKS,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TARGET_F_ORDER_ID,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
} from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { lossTicksOf, pushMarketRejection } from '../messages/rejection.js';
import {
  CLIENT_FLAGS,
  EVT_ACCEPTED,
  EVT_MASS_CANCELED,
  FLAG_MARKET_ORDER,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_EXPIRED,
  REASON_FOK_UNFILLABLE,
  REASON_IOC_REMAINDER,
  REASON_MASS_CANCEL,
  REASON_NO_LIQUIDITY,
  REASON_REPLACED,
  REASON_SHIFT,
  REASON_USER,
  SIDE_BUY,
  SIDE_SELL,
  TIER_MASK,
  TIER_SHIFT,
  TIF_FOK,
  TIF_GTC,
  TIF_GTD,
  tifOf,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { AccountRows, ROW_WORDS, RW_NEWEST_ORDER, RW_OPEN_ORDERS } from './account-rows.js';
import { Amendments } from './amendments.js';
import { readBook, writeBook } from './book-canonical.js';
import { checkBook } from './book-check.js';
import { BookStore, COUNTER_LAST_ORDER_ID } from './book-store.js';
import { fillsCompletely } from './fill-test.js';
import { keyOf, NO_KEY, priceOfKey } from './ladder.js';
import { Matcher } from './matcher.js';
import {
  type FillLedger,
  type LevelVisitor,
  NO_ORDER,
  NO_PRICE,
  type OrderBook,
  type OrderHandle,
} from './order-book.js';
import { cancelResting, reportCanceled } from './order-changes.js';
import {
  FLOAT_SHIFT,
  OF_ID,
  OF_REMAINING,
  OF_TOTAL,
  OW_ACCOUNT,
  OW_ACCOUNT_OLDER,
  OW_CLIENT_REF,
  OW_EXPIRY_POSITION,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';
import { Placement } from './placement.js';
import { ReduceOnlyTrimmer } from './reduce-only.js';

export interface FastBookOptions {
  marketId: number;
  priceTicksMax: number;
  ledger: FillLedger;
  /** Size of each side's price window as a power of two; default 2^14 ticks. */
  windowBits?: number;
  /** Rows shared with the market's positions; own ones when left out. */
  rows?: AccountRows;
  /** Where events go; an own buffer when left out. */
  events?: MessageBuffer;
}

/** Flags of a message that an order keeps. */
const KEPT_FLAGS = CLIENT_FLAGS | (TIER_MASK << TIER_SHIFT);

/**
 * The book that trades: struct of arrays in typed arrays, intrusive queues, bitmap over a sliding window of
 * prices, nothing allocated per command in steady state. Semantics: `OrderBook`.
 */
export class FastBook implements OrderBook {
  readonly events: MessageBuffer;
  /** For the plain lane (`risk/lane`), which does everyday commands in one step on the same data. */
  readonly store: BookStore;
  private readonly ledger: FillLedger;
  private readonly matcher: Matcher;
  private readonly trimmer: ReduceOnlyTrimmer;
  private readonly placement: Placement;
  private readonly amendments: Amendments;

  constructor(options: FastBookOptions) {
    const rows = options.rows ?? new AccountRows();
    this.store = new BookStore(
      options.marketId,
      options.windowBits ?? 14,
      rows,
      options.events ?? new MessageBuffer(),
    );
    this.events = this.store.events;
    this.ledger = options.ledger;
    this.trimmer = new ReduceOnlyTrimmer(this.store, options.ledger);
    this.matcher = new Matcher(this.store, options.ledger, this.trimmer);
    this.placement = new Placement(this.store, options.ledger, options.priceTicksMax);
    this.amendments = new Amendments(this.store, this.placement, this.ledger);
  }

  get openOrders(): number {
    return this.store.openOrders;
  }

  bestBid(): number {
    const key = this.store.bids.bestKey;
    return key === NO_KEY ? NO_PRICE : priceOfKey(SIDE_BUY, key);
  }

  bestAsk(): number {
    const key = this.store.asks.bestKey;
    return key === NO_KEY ? NO_PRICE : priceOfKey(SIDE_SELL, key);
  }

  place(inbox: MessageBuffer, slot: number): void {
    if (!this.placement.resolve(inbox, slot)) return;
    this.accept(inbox, slot);
    this.trimmer.trimTouched();
  }

  replace(inbox: MessageBuffer, slot: number): void {
    const head = inbox.words[slot * SLOT_WORDS + W_HEAD] as number;
    const target = slot + slotsOf(head) - 1;
    const id = inbox.floats[target * SLOT_FLOATS + TARGET_F_ORDER_ID] as number;
    const order = this.lookUp(id, inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number);
    if (order === 0) {
      pushMarketRejection(this.events, inbox, slot, REJECT.order_is_not_open, id, 0);
      return;
    }
    if (!this.placement.resolve(inbox, slot)) return;
    cancelResting(this.store, order, REASON_REPLACED);
    this.accept(inbox, slot);
    this.trimmer.trimTouched();
  }

  cancel(inbox: MessageBuffer, slot: number): void {
    const order = this.target(inbox, slot);
    if (order === 0) {
      this.rejectNotOpen(inbox, slot);
      return;
    }
    const event = cancelResting(this.store, order, REASON_USER);
    this.store.report.answer(event, inbox, slot);
  }

  amend(inbox: MessageBuffer, slot: number): void {
    const order = this.target(inbox, slot);
    if (order === 0) {
      this.rejectNotOpen(inbox, slot);
      return;
    }
    if (this.amendments.movesPlainly(inbox, slot, order)) {
      this.amendments.move(inbox, slot, order);
      this.matchAndRest(order, true);
    } else if (this.amendments.apply(inbox, slot, order)) {
      this.matchAndRest(order, true);
    }
    this.trimmer.trimTouched();
  }

  massCancel(inbox: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const account = inbox.words[w + W_ACCOUNT] as number;
    const flags = inbox.words[w + W_FLAGS] as number;
    let count = 0;
    let order = account < this.store.rows.rows ? this.newestOf(account) : 0;
    while (order !== 0) {
      const record = order << WORD_SHIFT;
      const older = this.store.pool.words[record | OW_ACCOUNT_OLDER] as number;
      const side = (this.store.pool.words[record | OW_FLAGS] as number) & FLAG_SIDE;
      if ((flags & (side === SIDE_BUY ? FLAG_MASS_BIDS : FLAG_MASS_ASKS)) !== 0) {
        cancelResting(this.store, order, REASON_MASS_CANCEL);
        count++;
      }
      order = older;
    }
    const event = this.events.push(EVENT_SLOTS);
    const e = event * SLOT_WORDS;
    const market = marketOf(inbox.words[w + W_HEAD] as number);
    this.events.words[e + W_HEAD] = headOf(EVT_MASS_CANCELED, EVENT_SLOTS, market);
    this.events.words[e + W_ACCOUNT] = account;
    this.events.words[e + EW_FLAGS] = flags;
    this.events.words[e + EW_CLIENT_REF] = inbox.words[w + W_CLIENT_REF] as number;
    this.events.floats[event * SLOT_FLOATS + EF_LOTS] = count;
    this.store.report.answer(event, inbox, slot);
  }

  expire(nowMs: number): void {
    while (this.store.expiry.nextMs() <= nowMs) {
      cancelResting(this.store, this.store.expiry.first(), REASON_EXPIRED);
    }
  }

  cancelEverything(reason: number): void {
    for (const ladder of [this.store.bids, this.store.asks]) {
      while (ladder.bestKey !== NO_KEY) cancelResting(this.store, ladder.bestHead(), reason);
    }
  }

  nextExpiryMs(): number {
    return this.store.expiry.nextMs();
  }

  find(inbox: MessageBuffer, slot: number): OrderHandle {
    const order = this.target(inbox, slot);
    return order === 0 ? NO_ORDER : order;
  }

  flagsOf(order: OrderHandle): number {
    return this.store.pool.words[(order << WORD_SHIFT) | OW_FLAGS] as number;
  }

  priceOf(order: OrderHandle): number {
    return this.store.pool.words[(order << WORD_SHIFT) | OW_PRICE] as number;
  }

  totalLotsOf(order: OrderHandle): number {
    return this.store.pool.floats[(order << FLOAT_SHIFT) | OF_TOTAL] as number;
  }

  remainingLotsOf(order: OrderHandle): number {
    return this.store.pool.floats[(order << FLOAT_SHIFT) | OF_REMAINING] as number;
  }

  openOrdersOf(account: number): number {
    if (account >= this.store.rows.rows) return 0;
    return this.store.rows.words[account * ROW_WORDS + RW_OPEN_ORDERS] as number;
  }

  forEachLevel(side: number, depth: number, visit: LevelVisitor): void {
    const ladder = this.store.ladder(side);
    let seen = 0;
    for (let key = ladder.bestKey; key !== NO_KEY && seen < depth; key = ladder.nextKey(key)) {
      visit(priceOfKey(side, key), ladder.lotsAt(key), ladder.countAt(key));
      seen++;
    }
  }

  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    writeBook(this.store, writer, references);
  }

  readCanonical(reader: CanonicalReader): void {
    readBook(this.store, reader);
  }

  check(): void {
    checkBook(this.store);
  }

  /** Bytes held for orders and their index, for the memory benchmark. */
  get orderBytes(): number {
    return this.store.pool.bytes + this.store.index.bytes;
  }

  /** Steps 3–6: the order exists from here on. Quantity, price and distance are those of `placement`. */
  private accept(inbox: MessageBuffer, message: number): void {
    const store = this.store;
    const w = message * SLOT_WORDS;
    const f = message * SLOT_FLOATS;
    const order = store.pool.take();
    const words = store.pool.words;
    const floats = store.pool.floats;
    const record = order << WORD_SHIFT;
    const at = order << FLOAT_SHIFT;
    const id = (store.counters[COUNTER_LAST_ORDER_ID] as number) + 1;
    store.counters[COUNTER_LAST_ORDER_ID] = id;
    const flags = (inbox.words[w + W_FLAGS] as number) & KEPT_FLAGS;
    const lots = this.placement.lots[0] as number;
    floats[at | OF_ID] = id;
    floats[at | OF_REMAINING] = lots;
    floats[at | OF_TOTAL] = lots;
    words[record | OW_PRICE] = this.placement.price;
    words[record | OW_ACCOUNT] = inbox.words[w + W_ACCOUNT] as number;
    words[record | OW_FLAGS] = flags;
    words[record | OW_CLIENT_REF] = inbox.words[w + W_CLIENT_REF] as number;
    words[record | OW_LOSS_TICKS] = lossTicksOf(flags & FLAG_SIDE, this.placement.distance);
    words[record | OW_EXPIRY_POSITION] = 0;
    const event = store.report.order(EVT_ACCEPTED, order, 0);
    const e = event * SLOT_FLOATS;
    this.events.floats[e + EF_VALUE] = inbox.floats[f + F_QTY] as number;
    const tif = tifOf(flags);
    const expires = tif === TIF_GTD;
    if (expires) this.events.floats[e + EF_EXPIRY] = inbox.floats[f + F_EXPIRY] as number;
    this.events.words[event * SLOT_WORDS + EW_OLD_LOSS_TICKS] = lossTicksOf(
      flags & FLAG_SIDE,
      inbox.words[w + W_MARK_DISTANCE] as number,
    );
    store.report.answer(event, inbox, message);
    if (tif === TIF_FOK && !fillsCompletely(store, this.ledger, order)) {
      reportCanceled(store, order, REASON_FOK_UNFILLABLE << REASON_SHIFT);
      store.pool.give(order);
      return;
    }
    if (this.matchAndRest(order, false) && expires) {
      store.expiry.add(order, inbox.floats[f + F_EXPIRY] as number);
    }
  }

  /**
   * Steps 5 and 6 for an order in no queue. `registered`: it is already known by id and account (an amended order).
   * True when the order rests in the end.
   */
  private matchAndRest(order: number, registered: boolean): boolean {
    const store = this.store;
    if (this.crosses(order)) this.matcher.run(order);
    const flags = store.pool.words[(order << WORD_SHIFT) | OW_FLAGS] as number;
    const remaining = store.pool.floats[(order << FLOAT_SHIFT) | OF_REMAINING] as number;
    const tif = tifOf(flags);
    const rests = (flags & FLAG_MARKET_ORDER) === 0 && (tif === TIF_GTC || tif === TIF_GTD);
    if (remaining !== 0 && rests) {
      if (!registered) store.register(order);
      store.enqueue(order);
      if ((flags & FLAG_REDUCE_ONLY) !== 0) {
        this.trimmer.touch(store.pool.words[(order << WORD_SHIFT) | OW_ACCOUNT] as number);
      }
      return true;
    }
    if (remaining !== 0) {
      const market = (flags & FLAG_MARKET_ORDER) !== 0;
      const reason = market ? REASON_NO_LIQUIDITY : REASON_IOC_REMAINDER;
      reportCanceled(store, order, reason << REASON_SHIFT);
    }
    if (registered) store.forget(order);
    else store.pool.give(order);
    return false;
  }

  /** Whether the order, which is in no queue, would find a maker. */
  private crosses(order: number): boolean {
    const words = this.store.pool.words;
    const record = order << WORD_SHIFT;
    const makerSide = ((words[record | OW_FLAGS] as number) & FLAG_SIDE) ^ 1;
    const limitKey = keyOf(makerSide, words[record | OW_PRICE] as number);
    return this.store.ladder(makerSide).bestKey <= limitKey;
  }

  private newestOf(account: number): number {
    return this.store.rows.words[account * ROW_WORDS + RW_NEWEST_ORDER] as number;
  }

  /** Slot of the order that the message names, 0 when it is not open or another account's. */
  private target(inbox: MessageBuffer, slot: number): number {
    const order = this.store.index.find(inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
    if (order === 0) return 0;
    const owner = this.store.pool.words[(order << WORD_SHIFT) | OW_ACCOUNT] as number;
    return owner === (inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number) ? order : 0;
  }

  private lookUp(id: number, account: number): number {
    const order = this.store.index.find(id);
    if (order === 0) return 0;
    return this.store.pool.words[(order << WORD_SHIFT) | OW_ACCOUNT] === account ? order : 0;
  }

  private rejectNotOpen(inbox: MessageBuffer, slot: number): void {
    const id = inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
    pushMarketRejection(this.events, inbox, slot, REJECT.order_is_not_open, id, 0);
  }
}
