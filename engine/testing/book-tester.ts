import type { OrderBook } from '../book/order-book.js';
import { SLOT_WORDS, typeOf, W_HEAD } from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import * as type from '../messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, PRICE_TICKS_MAX, type PriceTicks } from '../units/units.js';
import { tellEvents } from './events.js';
import { MapLedger } from './map-ledger.js';
import { cancel, type TestMessage, writeMessage } from './messages.js';

export interface BookOptions {
  marketId: number;
  priceTicksMax: PriceTicks;
  ledger: MapLedger;
  windowBits?: number;
}

export type CreateBook = (options: BookOptions) => OrderBook;

/** An open order as the canonical state tells it. */
export interface OrderView {
  id: number;
  account: number;
  flags: number;
  price: number;
  remaining: number;
  total: number;
  expiryMs: number;
  lossTicks: number;
  clientRef: number;
}

/** A book with an inbox and positions, that is checked after everything that is done to it. */
export class BookTester {
  readonly ledger: MapLedger;
  book: OrderBook;
  private readonly inbox = new MessageBuffer();
  private readonly createBook: CreateBook;
  private readonly priceTicksMax: PriceTicks;

  constructor(createBook: CreateBook, priceTicksMax: number = PRICE_TICKS_MAX) {
    this.createBook = createBook;
    this.priceTicksMax = asPriceTicks(priceTicksMax);
    this.ledger = new MapLedger();
    this.book = this.emptyBook();
  }

  /** Sends one message and tells the events that follow. */
  send(message: TestMessage): string[] {
    this.inbox.reset();
    // Messages stand anywhere in an inbox: slot 0 would hide a forgotten offset.
    this.inbox.push(3);
    this.book.events.reset();
    dispatch(this.book, this.inbox, writeMessage(this.inbox, message));
    this.book.check();
    return tellEvents(this.book.events);
  }

  sendAll(messages: readonly TestMessage[]): void {
    for (const message of messages) this.send(message);
  }

  expire(nowMs: number): string[] {
    this.book.events.reset();
    this.book.expire(nowMs);
    this.book.check();
    return tellEvents(this.book.events);
  }

  cancelEverything(reason: number): string[] {
    this.book.events.reset();
    this.book.cancelEverything(reason);
    this.book.check();
    return tellEvents(this.book.events);
  }

  /** Handle of the account's order, as `find` gives it. */
  find(orderId: number, account: number): number {
    this.inbox.reset();
    return this.book.find(this.inbox, writeMessage(this.inbox, cancel(orderId, { account })));
  }

  levels(side: number, depth = Number.POSITIVE_INFINITY): string[] {
    const told: string[] = [];
    this.book.forEachLevel(side, depth, (price, lots, orders) => {
      told.push(`${lots}@${price} in ${orders}`);
    });
    return told;
  }

  orders(): OrderView[] {
    return readOrders(this.canonical(true)).orders;
  }

  /** Open orders in their queues: bids, then asks. */
  tellOrders(): string[] {
    return this.orders().map((order) => {
      const side = type.sideOf(order.flags) === type.SIDE_BUY ? 'buy' : 'sell';
      return `${side} #${order.id} ${order.remaining}@${order.price}`;
    });
  }

  canonical(references: boolean): Uint8Array {
    const writer = new CanonicalWriter(1);
    this.book.writeCanonical(writer, references);
    return writer.bytes().slice();
  }

  /** Goes on with a new book that was restored from the bytes. */
  restore(canonical: Uint8Array): void {
    this.book = this.emptyBook();
    const reader = new CanonicalReader(canonical);
    this.book.readCanonical(reader);
    if (!reader.atEnd) throw new Error('the book left canonical state unread');
    this.book.check();
  }

  private emptyBook(): OrderBook {
    const { priceTicksMax, ledger } = this;
    return this.createBook({ marketId: 1, priceTicksMax, ledger, windowBits: 10 });
  }
}

/** Hands a message to the method of its type. */
export function dispatch(book: OrderBook, inbox: MessageBuffer, slot: number): void {
  const messageType = typeOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number);
  if (messageType === type.MSG_PLACE) book.place(inbox, slot);
  else if (messageType === type.MSG_CANCEL) book.cancel(inbox, slot);
  else if (messageType === type.MSG_AMEND) book.amend(inbox, slot);
  else if (messageType === type.MSG_AMEND_GRANTED) book.amend(inbox, slot);
  else if (messageType === type.MSG_REPLACE) book.replace(inbox, slot);
  else if (messageType === type.MSG_MASS_CANCEL) book.massCancel(inbox, slot);
  else throw new RangeError(`a book takes no message of type ${messageType}`);
}

/** Reads canonical state with references. */
export function readOrders(canonical: Uint8Array): {
  lastOrderId: number;
  lastTradeSequence: number;
  lastPriceTicks: number;
  orders: OrderView[];
} {
  const reader = new CanonicalReader(canonical);
  const lastOrderId = reader.take();
  const lastTradeSequence = reader.take();
  const lastPriceTicks = reader.take();
  const orders: OrderView[] = [];
  while (!reader.atEnd) {
    for (let left = reader.take(); left > 0; left--) {
      orders.push({
        id: reader.take(),
        account: reader.take(),
        flags: reader.take(),
        price: reader.take(),
        remaining: reader.take(),
        total: reader.take(),
        expiryMs: reader.take(),
        lossTicks: reader.take(),
        clientRef: reader.take(),
      });
    }
  }
  return { lastOrderId, lastTradeSequence, lastPriceTicks, orders };
}
