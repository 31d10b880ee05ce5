import { FastBook } from '../../engine/book/fast-book.js';
import type { OrderBook } from '../../engine/book/order-book.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import { SLOT_WORDS, typeOf, W_CLIENT_REF, W_HEAD } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  MSG_AMEND,
  MSG_CANCEL,
  MSG_PLACE,
  SIDE_BUY,
  SIDE_SELL,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import {
  HEADER_WORDS,
  R_ACCOUNT,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_CANCEL,
  TYPE_LIMIT_GTC,
  TYPE_MOVE,
  type Workload,
  type WorkloadResult,
} from '../workload/format.js';
import { TradeTally } from '../workload/trade-tally.js';
import { writeCommand } from './encode.js';
import type { BenchEngine } from './engine.js';
import { FillReader } from './fill-reader.js';

/** As many commands as a busy shard finds in its ring at a time. */
const BATCH = 64;

/**
 * A bare order book behind its message interface: the timed part encodes each command into a message, lets
 * the book apply it, and reads the trades back from its events.
 */
export class BookEngine implements BenchEngine {
  private readonly inbox: MessageBuffer;
  private readonly tally: TradeTally;
  private readonly fills: FillReader;
  private readonly book: OrderBook;
  private readonly records: Int32Array;
  /** The book issues ids by itself; they have to be those of the records. */
  private nextOrderId = 1;

  constructor(book: OrderBook, workload: Workload, tally = new TradeTally()) {
    this.book = book;
    this.tally = tally;
    this.fills = new FillReader(tally);
    this.inbox =
      book instanceof FastBook ? book.kernel.openBuffer(BATCH) : new MessageBuffer(BATCH);
    this.inbox.push(BATCH);
    this.records = workload.words;
  }

  /** Goes on from where another engine stands: a slow book need not apply the prefill by itself. */
  static continueFrom(other: BookEngine, book: OrderBook, workload: Workload): BookEngine {
    const writer = new CanonicalWriter();
    other.book.writeCanonical(writer, true);
    book.readCanonical(new CanonicalReader(writer.bytes()));
    const engine = new BookEngine(book, workload, other.tally);
    engine.nextOrderId = other.nextOrderId;
    return engine;
  }

  run(from: number, to: number): void {
    for (let start = from; start < to; start += BATCH) {
      this.runBatch(start, Math.min(start + BATCH, to));
      this.fills.readAll(this.book.events);
      this.book.events.reset();
    }
  }

  result(): WorkloadResult {
    return {
      trades: this.tally.trades,
      volume: this.tally.volume,
      checksum: this.tally.checksum,
      ...sumBook(this.book),
    };
  }

  get kernelBytes(): number {
    return this.book instanceof FastBook ? this.book.kernel.bytes : 0;
  }

  private runBatch(from: number, to: number): void {
    const { inbox, records } = this;
    const { words, floats } = inbox;
    for (let i = from, at = HEADER_WORDS + from * RECORD_WORDS; i < to; i++, at += RECORD_WORDS) {
      const type = records[at + R_TYPE] as number;
      const id = records[at + R_ORDER_ID] as number;
      const account = records[at + R_ACCOUNT] as number;
      const price = records[at + R_PRICE] as number;
      const slot = i - from;
      if (type === TYPE_MOVE) {
        writeCommand(words, floats, slot, MSG_AMEND, account, 0, price, 0, id, 0);
      } else if (type === TYPE_CANCEL) {
        writeCommand(words, floats, slot, MSG_CANCEL, account, 0, 0, 0, id, 0);
      } else {
        if (id !== this.nextOrderId++) throw new Error(`order id ${id} is out of turn`);
        const tif = type === TYPE_LIMIT_GTC ? TIF_GTC : TIF_IOC;
        const flags = (records[at + R_SIDE] as number) | (tif << TIF_SHIFT);
        const qty = records[at + R_QTY] as number;
        writeCommand(words, floats, slot, MSG_PLACE, account, flags, price, qty, 0, 0);
        words[slot * SLOT_WORDS + W_CLIENT_REF] = NO_CLIENT_REF;
      }
    }
    this.apply(to - from);
  }

  private apply(count: number): void {
    const { book, inbox } = this;
    if (book instanceof FastBook) {
      book.applyAll(inbox, 0, count);
      return;
    }
    for (let slot = 0; slot < count; slot++) {
      const type = typeOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number);
      if (type === MSG_AMEND) book.amend(inbox, slot);
      else if (type === MSG_CANCEL) book.cancel(inbox, slot);
      else book.place(inbox, slot);
    }
  }
}

/** What rests in a book. */
export function sumBook(
  book: OrderBook,
): Pick<WorkloadResult, 'restingOrders' | 'restingQtyBid' | 'restingQtyAsk'> {
  const bids = sumLevels(book, SIDE_BUY);
  const asks = sumLevels(book, SIDE_SELL);
  return {
    restingOrders: bids.orders + asks.orders,
    restingQtyBid: bids.qtyLots,
    restingQtyAsk: asks.qtyLots,
  };
}

function sumLevels(book: OrderBook, side: number): { orders: number; qtyLots: number } {
  const sum = { orders: 0, qtyLots: 0 };
  book.forEachLevel(side, Number.POSITIVE_INFINITY, (_price, qtyLots, orders) => {
    sum.qtyLots += qtyLots;
    sum.orders += orders;
  });
  return sum;
}
