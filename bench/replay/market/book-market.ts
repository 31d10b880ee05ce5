import { createHash } from 'node:crypto';
import type { LevelVisitor, OrderBook } from '../../../engine/book/order-book.js';
import { F_GRANT_REMAINING } from '../../../engine/messages/layout.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import { MSG_AMEND_GRANTED, MSG_CANCEL, MSG_PLACE } from '../../../engine/messages/types.js';
import { type CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { QTY_LOTS_MAX } from '../../../engine/units/units.js';
import { CommandOutcome } from './command-outcome.js';
import { encodeCommand, REQUEST } from './encode-command.js';
import type { ReplayMarket } from './replay-market.js';

/** The order book alone, without accounts, margin or mark price. */
export class BookMarket implements ReplayMarket {
  readonly outcome = new CommandOutcome();
  private readonly inbox = new MessageBuffer(1);
  private readonly book: OrderBook;

  constructor(book: OrderBook) {
    this.book = book;
  }

  get openOrders(): number {
    return this.book.openOrders;
  }

  setTime(): void {}

  setIndexPrice(): void {}

  place(account: number, flags: number, priceTicks: number, lots: number): void {
    encodeCommand(this.inbox, MSG_PLACE, account, flags, priceTicks, lots, 0);
    this.book.place(this.inbox, 0);
    this.readOutcome();
  }

  cancel(account: number, orderId: number): void {
    encodeCommand(this.inbox, MSG_CANCEL, account, 0, 0, 0, orderId);
    this.book.cancel(this.inbox, 0);
    this.readOutcome();
  }

  /** Granted at once: a larger order would have to be reserved for, but here nobody counts margin. */
  amend(account: number, orderId: number, priceTicks: number, totalLots: number): void {
    encodeCommand(this.inbox, MSG_AMEND_GRANTED, account, 0, priceTicks, totalLots, orderId);
    this.inbox.floats[F_GRANT_REMAINING] = QTY_LOTS_MAX;
    this.book.amend(this.inbox, 0);
    this.readOutcome();
  }

  forEachLevel(side: number, depth: number, visit: LevelVisitor): void {
    this.book.forEachLevel(side, depth, visit);
  }

  write(writer: CanonicalWriter): void {
    this.book.writeCanonical(writer, true);
  }

  read(reader: CanonicalReader): void {
    this.book.readCanonical(reader);
  }

  stateHash(): string {
    const writer = new CanonicalWriter();
    this.book.writeCanonical(writer, false);
    return createHash('sha256').update(writer.bytes()).digest('hex');
  }

  check(): void {
    this.book.check();
  }

  private readOutcome(): void {
    this.outcome.read(this.book.events, REQUEST);
    this.book.events.reset();
  }
}
