import type { MessageBuffer } from '../messages/message-buffer.js';
import { FLAG_REDUCE_ONLY, FLAG_SIDE } from '../messages/types.js';
import {
  type AccountRows,
  ROW_SHIFT,
  RW_NEWEST_ORDER,
  RW_OPEN_ORDERS,
  RW_REDUCE_ONLY_ORDERS,
} from './account-rows.js';
import { ExpiryQueue } from './expiry-queue.js';
import { keyOf, Ladder } from './ladder.js';
import { OrderEvents } from './order-events.js';
import { OrderIndex } from './order-index.js';
import {
  FLOAT_SHIFT,
  OF_REMAINING,
  OrderPool,
  OW_ACCOUNT,
  OW_ACCOUNT_NEWER,
  OW_ACCOUNT_OLDER,
  OW_FLAGS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';

/** Indices into `BookStore.counters`: floats in a typed array, because a field of an object would be boxed. */
export const COUNTER_LAST_ORDER_ID = 0;
export const COUNTER_LAST_TRADE = 1;

/**
 * The data of a fast book and the moves on it that keep its parts in step: an open order is in its level's
 * queue, in the id index, in its account's list and, when it expires, in the expiry queue.
 */
export class BookStore {
  readonly pool = new OrderPool();
  readonly index = new OrderIndex(this.pool);
  readonly expiry = new ExpiryQueue(this.pool);
  readonly bids: Ladder;
  readonly asks: Ladder;
  private readonly ladders: readonly Ladder[];
  readonly rows: AccountRows;
  readonly events: MessageBuffer;
  readonly report: OrderEvents;
  readonly counters = new Float64Array(2);
  openOrders = 0;
  /** Reduce-only orders that rest on each side: none lets FOK sum whole levels. */
  readonly reduceOnlyOrders = new Int32Array(2);

  constructor(marketId: number, windowBits: number, rows: AccountRows, events: MessageBuffer) {
    this.events = events;
    this.bids = new Ladder(this.pool, windowBits);
    this.asks = new Ladder(this.pool, windowBits);
    this.ladders = [this.bids, this.asks];
    this.rows = rows;
    this.report = new OrderEvents(this.events, this.pool, marketId);
  }

  ladder(side: number): Ladder {
    return this.ladders[side] as Ladder;
  }

  /** Puts an order at the end of its price's queue. */
  enqueue(slot: number): void {
    const record = slot << WORD_SHIFT;
    const side = (this.pool.words[record | OW_FLAGS] as number) & FLAG_SIDE;
    const key = keyOf(side, this.pool.words[record | OW_PRICE] as number);
    const lots = this.pool.floats[(slot << FLOAT_SHIFT) | OF_REMAINING] as number;
    this.ladder(side).append(slot, key, lots);
  }

  /** Takes an order, with what it has left, out of its price's queue. */
  dequeue(slot: number): void {
    const record = slot << WORD_SHIFT;
    const side = (this.pool.words[record | OW_FLAGS] as number) & FLAG_SIDE;
    const key = keyOf(side, this.pool.words[record | OW_PRICE] as number);
    const lots = this.pool.floats[(slot << FLOAT_SHIFT) | OF_REMAINING] as number;
    this.ladder(side).remove(slot, key, lots);
  }

  /** Makes the order findable by id and by account. Its expiry is added by the caller. */
  register(slot: number): void {
    this.index.insert(slot);
    this.openOrders++;
    const orders = this.pool.words;
    const record = slot << WORD_SHIFT;
    const account = orders[record | OW_ACCOUNT] as number;
    this.rows.ensure(account);
    const rows = this.rows.words;
    const row = account << ROW_SHIFT;
    const older = rows[row | RW_NEWEST_ORDER] as number;
    orders[record | OW_ACCOUNT_OLDER] = older;
    orders[record | OW_ACCOUNT_NEWER] = 0;
    if (older !== 0) orders[(older << WORD_SHIFT) | OW_ACCOUNT_NEWER] = slot;
    rows[row | RW_NEWEST_ORDER] = slot;
    rows[row | RW_OPEN_ORDERS] = ((rows[row | RW_OPEN_ORDERS] as number) + 1) | 0;
    const flags = orders[record | OW_FLAGS] as number;
    if ((flags & FLAG_REDUCE_ONLY) !== 0) {
      rows[row | RW_REDUCE_ONLY_ORDERS]!++;
      this.reduceOnlyOrders[flags & FLAG_SIDE]!++;
    }
  }

  /** Undoes `register` and frees the record. The order is no longer in a queue. */
  forget(slot: number): void {
    this.index.remove(slot);
    this.expiry.remove(slot);
    this.openOrders--;
    const orders = this.pool.words;
    const record = slot << WORD_SHIFT;
    const row = (orders[record | OW_ACCOUNT] as number) << ROW_SHIFT;
    const rows = this.rows.words;
    const older = orders[record | OW_ACCOUNT_OLDER] as number;
    const newer = orders[record | OW_ACCOUNT_NEWER] as number;
    if (older !== 0) orders[(older << WORD_SHIFT) | OW_ACCOUNT_NEWER] = newer;
    if (newer !== 0) orders[(newer << WORD_SHIFT) | OW_ACCOUNT_OLDER] = older;
    else rows[row | RW_NEWEST_ORDER] = older;
    rows[row | RW_OPEN_ORDERS] = ((rows[row | RW_OPEN_ORDERS] as number) - 1) | 0;
    const flags = orders[record | OW_FLAGS] as number;
    if ((flags & FLAG_REDUCE_ONLY) !== 0) {
      rows[row | RW_REDUCE_ONLY_ORDERS]!--;
      this.reduceOnlyOrders[flags & FLAG_SIDE]!--;
    }
    this.pool.give(slot);
  }

  /** Takes the order out of the book altogether. */
  leave(slot: number): void {
    this.dequeue(slot);
    this.forget(slot);
  }
}
