import { FastBook } from '../../engine/book/fast-book.js';
import type { OrderBook } from '../../engine/book/order-book.js';
import { SLOT_WORDS, typeOf, W_HEAD } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { MSG_AMEND, MSG_CANCEL, SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import type { Workload, WorkloadResult } from '../workload/format.js';
import { TradeTally } from '../workload/trade-tally.js';
import type { BenchEngine } from './engine.js';
import { FillReader } from './fill-reader.js';
import { WorkloadCommands } from './workload-commands.js';

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
  private commands: WorkloadCommands;

  constructor(book: OrderBook, workload: Workload, tally = new TradeTally()) {
    this.book = book;
    this.tally = tally;
    this.fills = new FillReader(tally);
    this.inbox =
      book instanceof FastBook ? book.kernel.openBuffer(BATCH) : new MessageBuffer(BATCH);
    this.inbox.push(BATCH);
    this.commands = WorkloadCommands.forBook(workload);
  }

  /** Goes on from where another engine stands: a slow book need not apply the prefill by itself. */
  static continueFrom(other: BookEngine, book: OrderBook, workload: Workload): BookEngine {
    const writer = new CanonicalWriter();
    other.book.writeCanonical(writer, true);
    book.readCanonical(new CanonicalReader(writer.bytes()));
    const engine = new BookEngine(book, workload, other.tally);
    engine.commands = other.commands;
    return engine;
  }

  run(from: number, to: number): void {
    for (let start = from; start < to; start += BATCH) {
      const end = Math.min(start + BATCH, to);
      this.commands.write(this.inbox.words, this.inbox.floats, start, end);
      this.apply(end - start);
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
