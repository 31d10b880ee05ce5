import {
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_FLAGS,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushMarketRejection } from '../messages/rejection.js';
import {
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  SIDE_BUY,
} from '../messages/types.js';
import type { BookStore } from './book-store.js';
import { keyOf, priceOfKey } from './ladder.js';
import type { FillLedger } from './order-book.js';

/**
 * Steps 1 and 2 of placing an order: what of it may be accepted, at which price. The result stands in the fields
 * (a returned object would be garbage for every order).
 */
export class Placement {
  readonly lots = new Float64Array(1);
  price = 0;
  /** Price − mark of the message, moved along when the price slid. */
  distance = 0;
  private readonly store: BookStore;
  private readonly ledger: FillLedger;
  private readonly priceTicksMax: number;

  constructor(store: BookStore, ledger: FillLedger, priceTicksMax: number) {
    this.store = store;
    this.ledger = ledger;
    this.priceTicksMax = priceTicksMax;
  }

  /** False when the order was rejected (the event is written); nothing else has changed. */
  resolve(inbox: MessageBuffer, slot: number): boolean {
    const w = slot * SLOT_WORDS;
    const flags = inbox.words[w + W_FLAGS] as number;
    const lots = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    this.lots[0] = lots;
    if ((flags & FLAG_REDUCE_ONLY) !== 0) {
      const account = inbox.words[w + W_ACCOUNT] as number;
      const closable = this.ledger.closableLots(account, flags & FLAG_SIDE);
      if (closable === 0) {
        const code = REJECT.reduce_only_order_would_not_reduce_position;
        pushMarketRejection(this.store.events, inbox, slot, code, lots, closable);
        return false;
      }
      this.lots[0] = Math.min(lots, closable);
    }
    const price = inbox.words[w + W_PRICE] as number;
    return this.resolvePrice(inbox, slot, flags, price);
  }

  /** Post-only rule for a new or amended price. False when rejected. */
  resolvePrice(inbox: MessageBuffer, slot: number, flags: number, price: number): boolean {
    this.price = price;
    this.distance = inbox.words[slot * SLOT_WORDS + W_MARK_DISTANCE] as number;
    if ((flags & FLAG_POST_ONLY) === 0) return true;
    const side = flags & FLAG_SIDE;
    const opposite = this.store.ladder(side ^ 1);
    if (opposite.bestKey > keyOf(side ^ 1, price)) return true;
    const best = priceOfKey(side ^ 1, opposite.bestKey);
    const slid = side === SIDE_BUY ? best - 1 : best + 1;
    const slides = (flags & FLAG_POST_ONLY_SLIDE) !== 0;
    if (!slides || slid < 1 || slid > this.priceTicksMax) {
      const code = REJECT.post_only_order_would_cross;
      pushMarketRejection(this.store.events, inbox, slot, code, price, best);
      return false;
    }
    this.distance += slid - price;
    this.price = slid;
    return true;
  }
}
