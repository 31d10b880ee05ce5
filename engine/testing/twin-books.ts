import type { OrderBook } from '../book/order-book.js';
import { SLOT_WORDS } from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REASON_MARKET_STATE, SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks } from '../units/units.js';
import { type BookOptions, type CreateBook, dispatch, readOrders } from './book-tester.js';
import { readEvents, tellEvents } from './events.js';
import { MapLedger } from './map-ledger.js';
import { cancel, type TestMessage, writeMessage } from './messages.js';

/** Something that can be done to a book. Plain data, so that a failure can print it and be run again. */
export type Deed =
  | { do: 'send'; message: TestMessage }
  | { do: 'expire'; nowMs: number }
  | { do: 'cancel everything' }
  | { do: 'snapshot and restore' }
  /** A position that changes behind the book's back, as deleveraging does. */
  | { do: 'set position'; account: number; lots: number; priceTicks: number };

export interface TwinOptions {
  priceTicksMax: number;
  windowBits: number;
}

interface Twin {
  name: string;
  book: OrderBook;
  readonly ledger: MapLedger;
  readonly create: CreateBook;
}

const FEES = { takerPpm: [500, 450, -3, 0], makerPpm: [-50, 200, 0, 7] };

/** Two books that live through the same; whatever one shows and the other does not is an error. */
export class TwinBooks {
  private readonly twins: [Twin, Twin];
  private readonly options: TwinOptions;
  private readonly inbox = new MessageBuffer();
  private readonly writers = [new CanonicalWriter(), new CanonicalWriter()] as const;

  constructor(options: TwinOptions, first: CreateBook, second: CreateBook) {
    this.options = options;
    this.twins = [this.twin('first', first), this.twin('second', second)];
  }

  /** What the deed led to; the same for both. */
  get events(): MessageBuffer {
    return this.twins[0].book.events;
  }

  get openOrders(): number {
    return this.twins[0].book.openOrders;
  }

  get trades(): number {
    const writer = new CanonicalWriter();
    this.twins[0].book.writeCanonical(writer, true);
    return readOrders(writer.bytes()).lastTradeSequence;
  }

  apply(deed: Deed): void {
    this.inbox.reset();
    const slot = deed.do === 'send' ? writeMessage(this.inbox, deed.message) : 0;
    for (const twin of this.twins) {
      twin.book.events.reset();
      if (deed.do === 'send') dispatch(twin.book, this.inbox, slot);
      else if (deed.do === 'expire') twin.book.expire(deed.nowMs);
      else if (deed.do === 'cancel everything') twin.book.cancelEverything(REASON_MARKET_STATE);
      else if (deed.do === 'snapshot and restore') this.restore(twin);
      else twin.ledger.setPosition(deed.account, deed.lots, deed.priceTicks);
    }
    this.compareEvents();
  }

  /** Compares everything that can be asked, and lets both books look at their own order. */
  compareStates(accounts: number): void {
    const [first, second] = this.twins;
    first.book.check();
    second.book.check();
    this.writers.forEach((writer, i) => {
      writer.reset();
      this.twins[i as 0 | 1].book.writeCanonical(writer, true);
    });
    const [bytes, others] = this.writers.map((writer) => writer.bytes());
    if (Buffer.compare(bytes as Uint8Array, others as Uint8Array) !== 0) {
      const tell = (each: Uint8Array) => JSON.stringify(readOrders(each));
      fail('canonical state', tell(bytes as Uint8Array), tell(others as Uint8Array));
    }
    this.compareAnswer('queries', ({ book }) => askBook(book, accounts));
    this.compareAnswer('positions', ({ ledger }) => {
      return Array.from({ length: accounts }, (_, i) => ledger.positionOf(i + 1));
    });
  }

  compareFind(orderId: number, account: number): void {
    this.inbox.reset();
    const slot = writeMessage(this.inbox, cancel(orderId, { account }));
    this.compareAnswer(`order ${orderId} of ${account}`, ({ book }) => {
      const order = book.find(this.inbox, slot);
      if (order < 0) return null;
      const lots = [book.totalLotsOf(order), book.remainingLotsOf(order)];
      return [book.flagsOf(order), book.priceOf(order), ...lots];
    });
  }

  private compareEvents(): void {
    const [a, b] = [this.twins[0].book.events, this.twins[1].book.events];
    let isEqual = a.length === b.length;
    for (let at = 0; isEqual && at < a.length * SLOT_WORDS; at++) {
      isEqual = a.words[at] === b.words[at];
    }
    if (isEqual) return;
    const tell = (events: MessageBuffer) => {
      const views = readEvents(events).map((view) => `    ${JSON.stringify(view)}`);
      return ['', ...tellEvents(events).map((line) => `    ${line}`), ...views].join('\n');
    };
    fail('events', tell(a), tell(b));
  }

  private compareAnswer(what: string, ask: (twin: Twin) => unknown): void {
    const [first, second] = this.twins.map((twin) => JSON.stringify(ask(twin)));
    if (first !== second) fail(what, String(first), String(second));
  }

  private restore(twin: Twin): void {
    const writer = new CanonicalWriter();
    twin.book.writeCanonical(writer, true);
    twin.book = twin.create(this.bookOptions(twin.ledger));
    twin.book.readCanonical(new CanonicalReader(writer.bytes()));
  }

  private twin(name: string, create: CreateBook): Twin {
    const ledger = new MapLedger({ numerator: 3, denominator: 7, ...FEES });
    return { name, ledger, create, book: create(this.bookOptions(ledger)) };
  }

  private bookOptions(ledger: MapLedger): BookOptions {
    const { priceTicksMax, windowBits } = this.options;
    return { marketId: 1, priceTicksMax: asPriceTicks(priceTicksMax), windowBits, ledger };
  }
}

function askBook(book: OrderBook, accounts: number): unknown[] {
  const levels: number[] = [];
  const visit = (...level: number[]) => levels.push(...level);
  book.forEachLevel(SIDE_BUY, 5, visit);
  book.forEachLevel(SIDE_SELL, Number.POSITIVE_INFINITY, visit);
  const counts = Array.from({ length: accounts }, (_, i) => book.openOrdersOf(i + 1));
  const best = [book.bestBid(), book.bestAsk(), book.openOrders, book.nextExpiryMs()];
  return [best, levels, counts];
}

function fail(what: string, first: string, second: string): never {
  throw new Error(`the books differ in ${what}\n  first:  ${first}\n  second: ${second}`);
}
