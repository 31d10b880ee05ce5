import fc from 'fast-check';
import { FastBook } from '../../engine/book/fast-book.js';
import type { FillLedger } from '../../engine/book/order-book.js';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as types from '../../engine/messages/types.js';
import { asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { OpenOrders } from '../feeds/open-orders.js';
import { OrderFold } from '../feeds/order-fold.js';

const MARKET = 3;

/** Something that happens to a book; what does not apply is ignored. */
export interface BookAction {
  kind: 'place' | 'cancel' | 'amend' | 'replace' | 'massCancel' | 'expire';
  account: number;
  side: number;
  price: number;
  lots: number;
  tif: number;
  flags: number;
  stp: number;
  /** Picks an order among the ids so far. */
  pick: number;
}

export const FIRST: BookAction = {
  kind: 'place',
  account: 1,
  side: 0,
  price: 10,
  lots: 1,
  tif: types.TIF_GTC,
  flags: 0,
  stp: types.STP_NONE,
  pick: 0,
};

export const actions: fc.Arbitrary<BookAction> = fc.record({
  kind: fc.constantFrom(
    'place' as const,
    'place' as const,
    'place' as const,
    'cancel' as const,
    'amend' as const,
    'replace' as const,
    'massCancel' as const,
    'expire' as const,
  ),
  account: fc.integer({ min: 1, max: 4 }),
  side: fc.integer({ min: 0, max: 1 }),
  price: fc.integer({ min: 95, max: 105 }),
  lots: fc.integer({ min: 1, max: 20 }),
  tif: fc.integer({ min: 0, max: 3 }),
  flags: fc.constantFrom(
    0,
    0,
    types.FLAG_POST_ONLY,
    types.FLAG_POST_ONLY | types.FLAG_POST_ONLY_SLIDE,
    types.FLAG_REDUCE_ONLY,
    types.FLAG_MARKET_ORDER,
  ),
  stp: fc.integer({ min: 0, max: 4 }),
  pick: fc.nat(40),
});

/** A book, and the gateway's fold of its events beside it. */
export class FoldedBook {
  readonly openOrders = new OpenOrders();
  readonly book: FastBook;
  private readonly fold = new OrderFold(this.openOrders);
  private readonly inbox = new MessageBuffer();
  private readonly positions = new Map<number, number>();
  private now = 1;

  constructor() {
    const priceTicksMax = asPriceTicks(1_000);
    this.book = new FastBook({ marketId: MARKET, priceTicksMax, ledger: this.ledger() });
  }

  get l2() {
    return this.fold.book(MARKET);
  }

  bookLevels(side: number): [number, number][] {
    const levels: [number, number][] = [];
    this.book.forEachLevel(side, 1e6, (price, lots) => levels.push([price, lots]));
    return levels;
  }

  run(action: BookAction): void {
    this.book.events.reset();
    this.now++;
    if (action.kind === 'expire') this.book.expire(this.now);
    else this.send(action);
    const { words, floats, length } = this.book.events;
    for (let slot = 0; slot < length; ) {
      const at = slot * layout.SLOT_WORDS;
      this.fold.apply(words, floats, at);
      slot += layout.slotsOf(words[at] as number);
    }
  }

  private send(action: BookAction): void {
    const { inbox } = this;
    inbox.reset();
    inbox.push(2);
    const { words, floats } = inbox;
    const slots = action.kind === 'replace' ? 2 : 1;
    words[layout.W_HEAD] = layout.headOf(TYPES[action.kind] as number, slots, MARKET);
    words[layout.W_ACCOUNT] = action.account;
    words[layout.W_PRICE] = action.price;
    words[layout.W_CLIENT_REF] = -1;
    floats[layout.F_QTY] = action.lots;
    const rests = action.tif === types.TIF_GTC || action.tif === types.TIF_GTD;
    // Flags that contradict each other never reach a book.
    const isMarket = action.flags === types.FLAG_MARKET_ORDER;
    const allowed = (rests && !isMarket) || (!rests && (action.flags & types.FLAG_POST_ONLY) === 0);
    words[layout.W_FLAGS] =
      action.side |
      (action.tif << types.TIF_SHIFT) |
      (action.stp << types.STP_SHIFT) |
      (allowed ? action.flags : 0);
    if (action.tif === types.TIF_GTD) floats[layout.F_EXPIRY] = this.now + action.pick;
    if (action.kind === 'replace') floats[layout.SLOT_FLOATS] = action.pick;
    else if (action.kind !== 'place') floats[layout.F_ORDER_ID] = action.pick;
    if (action.kind === 'massCancel') {
      words[layout.W_FLAGS] = action.side === 0 ? types.FLAG_MASS_BIDS : types.FLAG_MASS_ASKS;
      this.book.massCancel(inbox, 0);
    } else this.book[action.kind as 'place'](inbox, 0);
  }

  private ledger(): FillLedger {
    return {
      closableLots: (account, side) => {
        const position = this.positions.get(account) ?? 0;
        return asQtyLots(Math.max(0, side === 0 ? -position : position));
      },
      settleFill: (events, slot) => {
        const at = slot * layout.SLOT_WORDS;
        const account = events.words[at + layout.W_ACCOUNT] as number;
        const lots = events.floats[at / 2 + layout.EF_LOTS] as number;
        const buys = ((events.words[at + layout.EW_FLAGS] as number) & 1) === 0;
        this.positions.set(account, (this.positions.get(account) ?? 0) + (buys ? lots : -lots));
      },
    };
  }
}

const TYPES: Readonly<Record<string, number>> = {
  place: types.MSG_PLACE,
  cancel: types.MSG_CANCEL,
  amend: types.MSG_AMEND,
  replace: types.MSG_REPLACE,
  massCancel: types.MSG_MASS_CANCEL,
};
