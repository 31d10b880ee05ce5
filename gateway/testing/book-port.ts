import { FastBook } from '../../engine/book/fast-book.js';
import type { FillLedger, OrderBook } from '../../engine/book/order-book.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import * as types from '../../engine/messages/types.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';
import { asQtyLots } from '../../engine/units/units.js';
import { EventWriter } from './event-writer.js';

interface Client {
  number: number;
  text: string;
  account: number;
  orderId: number;
  marketId: number;
}

/**
 * A shard of books without margin, in the caller's thread: what a gateway needs to be tested before there is, and
 * without, a margin actor. It knows client ids while the order is open and numbers the private feeds.
 */
export class BookPort implements ShardPort {
  readonly portId = 1;
  readonly writer = new EventWriter();
  /** Commands that reached the shard. */
  commands = 0;
  /** Makes every send fail. */
  full = false;
  /** Holds commands back until `release`. */
  held = false;
  timeMs = 1_767_225_600_000;
  epoch = 1;
  sequence = 0;
  private readonly books = new Map<number, OrderBook>();
  private readonly inbox = new MessageBuffer();
  private readonly scratch = new MessageBuffer();
  private readonly accountSequences = new Map<number, number>();
  private readonly clients: Client[] = [];
  private readonly positions = new Map<string, number>();
  private consumer: EventConsumer = () => {};

  list(marketId: number, params: MarketParams): void {
    const { priceTicksMax } = params;
    this.books.set(
      marketId,
      new FastBook({ marketId, priceTicksMax, ledger: this.ledger(marketId) }),
    );
    this.frame();
    this.writer.marketListed(marketId, params);
    this.writer.event(types.EVT_MARKET_STATE, 2, marketId, {
      EW_FLAGS: 1,
      EF_SEQUENCE: this.sequence,
    });
    this.publish();
  }

  createAccount(account: number, key: Uint8Array): void {
    this.frame();
    this.writer.accountCreated(account, key);
    this.publish();
  }

  deposit(account: number, microUsd: number): void {
    this.frame();
    this.writer.event(types.EVT_BALANCE, 2, 0, {
      W_ACCOUNT: account,
      EF_LOTS: microUsd,
      EF_COLLATERAL: microUsd,
      EF_SEQUENCE: this.sequence,
      EF_ACCOUNT_SEQUENCE: this.nextOf(account),
    });
    this.publish();
  }

  book(marketId: number): OrderBook {
    return this.books.get(marketId) as OrderBook;
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    if (this.full) return false;
    const slot = this.inbox.push(slots);
    const from = words.subarray(firstWord, firstWord + slots * layout.SLOT_WORDS);
    this.inbox.words.set(from, slot * layout.SLOT_WORDS);
    return true;
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.trySend(words, firstWord, slots);
  }

  flush(): void {
    if (this.held) return;
    for (let slot = 0; slot < this.inbox.length; ) {
      const slots = layout.slotsOf(this.inbox.words[slot * layout.SLOT_WORDS] as number);
      this.frame();
      this.run(slot, slots);
      slot += slots;
    }
    this.inbox.reset();
    this.publish();
  }

  release(): void {
    this.held = false;
    this.flush();
  }

  onEvents(consume: EventConsumer): void {
    this.consumer = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    return { inbound: 0, outbound: 0 };
  }

  private frame(): void {
    this.sequence++;
    this.writer.frame(this.sequence, this.timeMs, this.epoch);
  }

  private publish(): void {
    this.writer.drain(this.consumer);
  }

  private run(slot: number, slots: number): void {
    this.commands++;
    const { scratch } = this;
    scratch.reset();
    scratch.push(slots);
    const size = slots * layout.SLOT_WORDS;
    const from = slot * layout.SLOT_WORDS;
    scratch.words.set(this.inbox.words.subarray(from, from + size));
    const words = scratch.words;
    const marketId = layout.marketOf(words[0] as number);
    if (marketId === 0xffff) {
      this.massCancelAll();
      return;
    }
    const book = this.book(marketId);
    book.events.reset();
    this.dispatch(book, layout.typeOf(words[0] as number), marketId, size);
    this.emit(book, marketId);
  }

  private dispatch(book: OrderBook, type: number, marketId: number, size: number): void {
    const { scratch } = this;
    const { words, floats } = scratch;
    const account = words[layout.W_ACCOUNT] as number;
    const text = textOf(words, layout.W_CLIENT_TEXT_LENGTH);
    const hasText = ((words[layout.W_FLAGS] as number) & types.FLAG_CLIENT_TEXT) !== 0;
    const number = floats[layout.F_CLIENT_ID] as number;
    const known = this.client(account, marketId, number, hasText ? text : '');
    const isNew = type === types.CMD_PLACE || type === types.CMD_REPLACE;
    if (isNew) {
      const ref = this.clients.push({
        number,
        text: hasText ? text : '',
        account,
        orderId: 0,
        marketId,
      });
      words[layout.W_CLIENT_REF] = ref - 1;
    } else if (floats[layout.F_ORDER_ID] === 0) floats[layout.F_ORDER_ID] = known?.orderId ?? 0;
    words[layout.W_MARK_DISTANCE] = 0;
    if (type === types.CMD_REPLACE) {
      const target = size - layout.SLOT_WORDS;
      if (floats[target / 2] === 0) {
        const id = floats[target / 2 + layout.TARGET_F_CLIENT_ID] as number;
        const named = textOf(words, target + layout.TARGET_W_TEXT_LENGTH);
        floats[target / 2] = this.client(account, marketId, id, named)?.orderId ?? 0;
      }
    }
    if (isNew && known !== undefined) {
      pushDuplicate(book.events, words, known, marketId);
      return;
    }
    words[0] = (words[0] as number) + 64;
    if (type === types.CMD_PLACE) book.place(scratch, 0);
    else if (type === types.CMD_CANCEL) book.cancel(scratch, 0);
    else if (type === types.CMD_REPLACE) book.replace(scratch, 0);
    else if (type === types.CMD_MASS_CANCEL) book.massCancel(scratch, 0);
    else if (type === types.CMD_AMEND) this.amend(book);
    else pushRejection(book.events, scratch, 0, REJECT.message_type_is_unknown, type, 0);
  }

  /** Grants whatever an amend asks for. */
  private amend(book: OrderBook): void {
    const { words, floats } = this.scratch;
    words[0] = ((words[0] as number) & ~0xff) | types.MSG_AMEND;
    book.amend(this.scratch, 0);
    const { events } = book;
    const last = 0;
    if (layout.typeOf(events.words[last] as number) !== types.EVT_RESERVE_AMEND) return;
    const f = last / 2;
    words[0] = ((words[0] as number) & ~0xff) | types.MSG_AMEND_GRANTED;
    words[layout.W_PRICE] = events.words[last + layout.EW_PRICE] as number;
    floats[layout.F_QTY] = events.floats[f + layout.EF_LOTS] as number;
    floats[layout.F_GRANT_REMAINING] = events.floats[f + layout.EF_REMAINING] as number;
    floats[layout.F_GRANT_OLD_REMAINING] = events.floats[f + layout.EF_OLD_REMAINING] as number;
    words[layout.W_GRANT_OLD_LOSS_TICKS] = 0;
    events.reset();
    book.amend(this.scratch, 0);
  }

  private massCancelAll(): void {
    const { scratch } = this;
    const head = scratch.words[0] as number;
    let count = 0;
    const flags = scratch.words[layout.W_FLAGS] as number;
    const session = scratch.words[layout.W_SESSION] as number;
    const request = scratch.words[layout.W_REQUEST] as number;
    for (const [marketId, book] of this.books) {
      scratch.words[0] = ((head & 0xff00) | (marketId << 16) | types.MSG_MASS_CANCEL) >>> 0;
      scratch.words[layout.W_FLAGS] = flags;
      book.events.reset();
      book.massCancel(scratch, 0);
      const last = (book.events.length - layout.EVENT_SLOTS) * layout.SLOT_WORDS;
      count += book.events.floats[last / 2 + layout.EF_LOTS] as number;
      book.events.length -= layout.EVENT_SLOTS;
      this.emit(book, marketId);
    }
    this.writer.event(types.EVT_MASS_CANCELED, 2, 0xffff, {
      W_ACCOUNT: scratch.words[layout.W_ACCOUNT] as number,
      EF_LOTS: count,
      EW_SESSION: session,
      EW_REQUEST: request,
      EF_SEQUENCE: this.sequence,
    });
  }

  /** Completes the book's events as a margin actor does. */
  private emit(book: OrderBook, marketId: number): void {
    const { words, floats, length } = book.events;
    for (let slot = 0; slot < length; ) {
      const at = slot * layout.SLOT_WORDS;
      const f = at / 2;
      const type = layout.typeOf(words[at] as number);
      const slots = layout.slotsOf(words[at] as number);
      const account = words[at + layout.W_ACCOUNT] as number;
      floats[f + layout.EF_SEQUENCE] = this.sequence;
      if (FEED.has(type)) floats[f + layout.EF_ACCOUNT_SEQUENCE] = this.nextOf(account);
      const client = this.clients[words[at + layout.EW_CLIENT_REF] as number];
      if (client !== undefined && FEED.has(type)) {
        client.orderId = floats[f + layout.EF_ORDER_ID] as number;
        floats[f + layout.EF_CLIENT_ID] = client.number;
        if (slots > 2) writeText(words, at + layout.EW_CLIENT_TEXT_LENGTH, client.text);
        const closed = type === types.EVT_CANCELED || floats[f + layout.EF_REMAINING] === 0;
        if (closed) client.account = 0;
      }
      const out = this.writer.buffer.push(slots) * layout.SLOT_WORDS;
      this.writer.buffer.words.set(words.subarray(at, at + slots * layout.SLOT_WORDS), out);
      slot += slots;
    }
    void marketId;
  }

  private client(account: number, marketId: number, number: number, text: string) {
    if (number === 0 && text === '') return undefined;
    return this.clients.findLast(
      (c) =>
        c.account === account && c.marketId === marketId && c.number === number && c.text === text,
    );
  }

  private nextOf(account: number): number {
    const next = (this.accountSequences.get(account) ?? 0) + 1;
    this.accountSequences.set(account, next);
    return next;
  }

  private ledger(marketId: number): FillLedger {
    const key = (account: number) => `${marketId}:${account}`;
    return {
      closableLots: (account, side) => {
        const position = this.positions.get(key(account)) ?? 0;
        return asQtyLots(Math.max(0, side === 0 ? -position : position));
      },
      settleFill: (events, slot) => {
        const at = slot * layout.SLOT_WORDS;
        const account = events.words[at + layout.W_ACCOUNT] as number;
        const lots = events.floats[at / 2 + layout.EF_LOTS] as number;
        const buys = ((events.words[at + layout.EW_FLAGS] as number) & 1) === 0;
        const position = (this.positions.get(key(account)) ?? 0) + (buys ? lots : -lots);
        this.positions.set(key(account), position);
        events.floats[at / 2 + layout.EF_POSITION] = position;
      },
    };
  }
}

const FEED = new Set<number>([
  types.EVT_ACCEPTED,
  types.EVT_FILL,
  types.EVT_CANCELED,
  types.EVT_AMENDED,
]);

function pushDuplicate(
  events: MessageBuffer,
  words: Int32Array,
  client: Client,
  marketId: number,
): void {
  const at = events.push(2) * layout.SLOT_WORDS;
  events.words[at] = layout.headOf(types.EVT_DUPLICATE, 2, marketId);
  events.words[at + layout.W_ACCOUNT] = client.account;
  events.words[at + layout.EW_SESSION] = words[layout.W_SESSION] as number;
  events.words[at + layout.EW_REQUEST] = words[layout.W_REQUEST] as number;
  events.words[at + layout.EW_CLIENT_REF] = -1;
  events.floats[at / 2 + layout.EF_ORDER_ID] = client.orderId;
  events.floats[at / 2 + layout.EF_CLIENT_ID] = client.number;
}

function textOf(words: Int32Array, lengthWord: number): string {
  const length = words[lengthWord] ?? 0;
  let text = '';
  for (let i = 0; i < length && i < 36; i++) {
    const word = words[lengthWord + 1 + (i >> 2)] as number;
    text += String.fromCharCode((word >>> ((i & 3) * 8)) & 0xff);
  }
  return text;
}

function writeText(words: Int32Array, lengthWord: number, text: string): void {
  words[lengthWord] = text.length;
  for (let i = 0; i < text.length; i++) {
    const word = lengthWord + 1 + (i >> 2);
    words[word] = (words[word] as number) | (text.charCodeAt(i) << ((i & 3) * 8));
  }
}
