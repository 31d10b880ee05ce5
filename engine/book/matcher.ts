import {
  EF_LOTS,
  EF_TRADE_SEQUENCE,
  EW_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
} from '../messages/layout.js';
import {
  EVT_FILL,
  FLAG_MAKER,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_REDUCE_ONLY,
  REASON_SELF_TRADE,
  REASON_SHIFT,
  STP_CANCEL_BOTH,
  STP_CANCEL_MAKER,
  STP_CANCEL_TAKER,
  STP_NONE,
  stpOf,
} from '../messages/types.js';
import { ROW_WORDS, RW_REDUCE_ONLY_ORDERS } from './account-rows.js';
import { type BookStore, COUNTER_LAST_TRADE } from './book-store.js';
import { keyOf, type Ladder } from './ladder.js';
import type { FillLedger } from './order-book.js';
import { cancelResting, cutRecord, cutResting, reportCanceled } from './order-changes.js';
import {
  FLOAT_SHIFT,
  OF_REMAINING,
  OW_ACCOUNT,
  OW_FLAGS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';
import type { ReduceOnlyTrimmer } from './reduce-only.js';

/** Step 5 of placing an order: a taker against the opposite side, price-time priority. */
export class Matcher {
  private readonly store: BookStore;
  private readonly ledger: FillLedger;
  private readonly trimmer: ReduceOnlyTrimmer;

  constructor(store: BookStore, ledger: FillLedger, trimmer: ReduceOnlyTrimmer) {
    this.store = store;
    this.ledger = ledger;
    this.trimmer = trimmer;
  }

  /**
   * Matches the taker, whose record is in no queue, until nothing of it is left, or nothing within its price.
   * False: self-trade prevention canceled its rest (its remaining is then zero and the event written).
   */
  run(taker: number): boolean {
    const pool = this.store.pool;
    const flags = pool.words[(taker << WORD_SHIFT) | OW_FLAGS] as number;
    const account = pool.words[(taker << WORD_SHIFT) | OW_ACCOUNT] as number;
    const makerSide = (flags & FLAG_SIDE) ^ 1;
    const ladder = this.store.ladder(makerSide);
    const limitKey = keyOf(makerSide, pool.words[(taker << WORD_SHIFT) | OW_PRICE] as number);
    const selfTrades = stpOf(flags) === STP_NONE;
    while (ladder.bestKey <= limitKey && pool.floats[(taker << FLOAT_SHIFT) | OF_REMAINING] !== 0) {
      const maker = ladder.bestHead();
      const makerFlags = pool.words[(maker << WORD_SHIFT) | OW_FLAGS] as number;
      const makerAccount = pool.words[(maker << WORD_SHIFT) | OW_ACCOUNT] as number;
      if ((makerFlags & FLAG_REDUCE_ONLY) !== 0) {
        if (this.ledger.closableLots(makerAccount, makerSide) === 0) {
          cancelResting(this.store, maker, REASON_REDUCE_ONLY);
          continue;
        }
      }
      if (makerAccount === account && !selfTrades) {
        if (!this.preventSelfTrade(taker, maker, stpOf(flags))) return false;
        continue;
      }
      this.fill(taker, maker, ladder);
    }
    return true;
  }

  /** False when the taker's rest is gone. */
  private preventSelfTrade(taker: number, maker: number, mode: number): boolean {
    const store = this.store;
    const floats = store.pool.floats;
    const takerAt = (taker << FLOAT_SHIFT) | OF_REMAINING;
    if (mode === STP_CANCEL_MAKER || mode === STP_CANCEL_BOTH) {
      cancelResting(store, maker, REASON_SELF_TRADE);
    }
    if (mode === STP_CANCEL_MAKER) return true;
    if (mode === STP_CANCEL_TAKER || mode === STP_CANCEL_BOTH) {
      reportCanceled(store, taker, REASON_SELF_TRADE << REASON_SHIFT);
      floats[takerAt] = 0;
      return false;
    }
    // Decrement and cancel: both lose the smaller remaining; nobody trades.
    const makerLots = floats[(maker << FLOAT_SHIFT) | OF_REMAINING] as number;
    const takerLots = floats[takerAt] as number;
    if (makerLots <= takerLots) cancelResting(store, maker, REASON_SELF_TRADE);
    else cutResting(store, maker, takerLots, REASON_SELF_TRADE);
    if (takerLots > makerLots) {
      cutRecord(store, taker, makerLots, REASON_SELF_TRADE);
      return true;
    }
    reportCanceled(store, taker, REASON_SELF_TRADE << REASON_SHIFT);
    floats[takerAt] = 0;
    return false;
  }

  /** One trade between the taker and the head of the best level. */
  private fill(taker: number, maker: number, ladder: Ladder): void {
    const store = this.store;
    const floats = store.pool.floats;
    const words = store.pool.words;
    const makerAt = (maker << FLOAT_SHIFT) | OF_REMAINING;
    const takerAt = (taker << FLOAT_SHIFT) | OF_REMAINING;
    const makerLots = floats[makerAt] as number;
    const takerLots = floats[takerAt] as number;
    let lots = makerLots < takerLots ? makerLots : takerLots;
    const makerFlags = words[(maker << WORD_SHIFT) | OW_FLAGS] as number;
    const makerAccount = words[(maker << WORD_SHIFT) | OW_ACCOUNT] as number;
    if ((makerFlags & FLAG_REDUCE_ONLY) !== 0) {
      lots = Math.min(lots, this.ledger.closableLots(makerAccount, makerFlags & FLAG_SIDE));
    }
    floats[takerAt] = takerLots - lots;
    if (lots === makerLots) {
      ladder.remove(maker, ladder.bestKey, lots);
      floats[makerAt] = 0;
    } else {
      floats[makerAt] = makerLots - lots;
      ladder.reduce(ladder.bestKey, lots);
    }
    const trade = (store.counters[COUNTER_LAST_TRADE] as number) + 1;
    store.counters[COUNTER_LAST_TRADE] = trade;
    const price = words[(maker << WORD_SHIFT) | OW_PRICE] as number;
    this.report(maker, FLAG_MAKER, price, lots, trade);
    this.report(taker, 0, price, lots, trade);
    this.touch(
      makerAccount,
      words[(taker << WORD_SHIFT) | OW_ACCOUNT] as number,
      words[(taker << WORD_SHIFT) | OW_FLAGS] as number,
    );
    if (lots === makerLots) store.forget(maker);
  }

  private report(
    order: number,
    flagBits: number,
    price: number,
    lots: number,
    trade: number,
  ): void {
    const store = this.store;
    const slot = store.report.order(EVT_FILL, order, flagBits);
    const events = store.events;
    events.words[slot * SLOT_WORDS + EW_PRICE] = price;
    events.floats[slot * SLOT_FLOATS + EF_LOTS] = lots;
    events.floats[slot * SLOT_FLOATS + EF_TRADE_SEQUENCE] = trade;
    this.ledger.settleFill(events, slot);
  }

  /** Only accounts with reduce-only orders need a look; the taker's own order may become one. */
  private touch(maker: number, taker: number, takerFlags: number): void {
    const rows = this.store.rows;
    if ((rows.words[maker * ROW_WORDS + RW_REDUCE_ONLY_ORDERS] as number) > 0) {
      this.trimmer.touch(maker);
    }
    const takerRow =
      taker < rows.rows ? (rows.words[taker * ROW_WORDS + RW_REDUCE_ONLY_ORDERS] as number) : 0;
    if (takerRow > 0 || (takerFlags & FLAG_REDUCE_ONLY) !== 0) this.trimmer.touch(taker);
  }
}
