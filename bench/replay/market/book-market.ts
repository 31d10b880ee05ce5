import { createHash } from 'node:crypto';
import type { LevelVisitor, OrderBook } from '../../../engine/book/order-book.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import { MSG_AMEND, MSG_CANCEL, MSG_PLACE } from '../../../engine/messages/types.js';
import { type CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { encodeCommand } from '../../book/encode.js';
import { CommandOutcome } from './command-outcome.js';
import type { ReplayMarket } from './replay-market.js';

/** Every command is a request of its own; the number only has to differ from 0, which no answer carries. */
const REQUEST = 1;

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
    this.book.place(this.inbox, this.encode(MSG_PLACE, account, flags, priceTicks, lots, 0));
    this.readOutcome();
  }

  cancel(account: number, orderId: number): void {
    this.book.cancel(this.inbox, this.encode(MSG_CANCEL, account, 0, 0, 0, orderId));
    this.readOutcome();
  }

  amend(account: number, orderId: number, totalLots: number): void {
    this.book.amend(this.inbox, this.encode(MSG_AMEND, account, 0, 0, totalLots, orderId));
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

  private encode(
    type: number,
    account: number,
    flags: number,
    priceTicks: number,
    lots: number,
    orderId: number,
  ): number {
    this.inbox.reset();
    return encodeCommand(
      this.inbox,
      type,
      account,
      flags,
      priceTicks,
      lots,
      orderId,
      REQUEST,
      REQUEST,
    );
  }

  private readOutcome(): void {
    this.outcome.read(this.book.events, REQUEST);
    this.book.events.reset();
  }
}
