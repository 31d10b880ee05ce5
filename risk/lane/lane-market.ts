import { ROW_FLOAT_SHIFT, ROW_SHIFT, RW_OPEN_ORDERS } from '../../engine/book/account-rows.js';
import { type BookStore, COUNTER_LAST_ORDER_ID } from '../../engine/book/book-store.js';
import { keyOf } from '../../engine/book/ladder.js';
import {
  FLOAT_SHIFT,
  OF_ID,
  OF_REMAINING,
  OF_TOTAL,
  OW_ACCOUNT,
  OW_CLIENT_REF,
  OW_EXPIRY_POSITION,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  WORD_SHIFT,
} from '../../engine/book/order-pool.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_SEQUENCE,
  EF_VALUE,
  EW_FLAGS,
  EW_OLD_LOSS_TICKS,
  EW_OLD_PRICE,
  EW_REQUEST,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
  EW_SESSION,
  F_ORDER_ID,
  F_QTY,
  W_ACCOUNT,
  W_FLAGS,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { lossTicksOf } from '../../engine/messages/rejection.js';
import {
  CLIENT_FLAGS,
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  FLAG_GRANTED,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_SHIFT,
  REASON_USER,
  STP_DECREMENT,
  STP_MASK,
  STP_SHIFT,
  TIER_SHIFT,
} from '../../engine/messages/types.js';
import { NO_CLIENT_REF } from '../margin/client-ids.js';
import type { MarketSummary } from '../margin/market-summaries.js';
import { SF_ASK_LOTS, SF_BID_LOSS, SF_BID_LOTS, SF_POSITION } from '../margin/market-summaries.js';
import { CHANGE_LOSS, CHANGE_LOTS, newReservation, tryReserve } from '../margin/reservation.js';
import { clearActiveIfFlat, type MarginState } from '../margin/trade-commands.js';

/** A plain limit order has no flag but its side, a self-trade mode (which only matters when it trades), post-only. */
const PLAIN_PLACE_FLAGS = FLAG_SIDE | FLAG_POST_ONLY | (STP_MASK << STP_SHIFT);
const REASON_USER_BITS = REASON_USER << REASON_SHIFT;

/** The three plain commands in one market. Each tests everything before it changes anything. */
export class LaneMarket {
  private readonly state: MarginState;
  private readonly summary: MarketSummary;
  private readonly market: MarketActor;
  private readonly store: BookStore;
  private readonly events: MessageBuffer;
  private readonly reservation = newReservation();

  constructor(
    state: MarginState,
    summary: MarketSummary,
    market: MarketActor,
    store: BookStore,
    events: MessageBuffer,
  ) {
    this.state = state;
    this.summary = summary;
    this.market = market;
    this.store = store;
    this.events = events;
  }

  /** Another price for all that is left of an order, which crosses nobody. */
  move(message: MessageBuffer, slot: number, sequence: number): boolean {
    const w = slot << 4;
    const price = message.words[w | W_PRICE] as number;
    if (message.floats[(slot << 3) | F_QTY] !== 0) return false;
    const store = this.store;
    const order = store.index.find(message.floats[(slot << 3) | F_ORDER_ID] as number);
    if (order === 0) return false;
    const words = store.pool.words;
    const record = order << WORD_SHIFT;
    const at = order << FLOAT_SHIFT;
    const account = message.words[w | W_ACCOUNT] as number;
    const flags = words[record | OW_FLAGS] as number;
    if (words[record | OW_ACCOUNT] !== account || words[record | OW_CLIENT_REF] !== NO_CLIENT_REF)
      return false;
    const side = flags & FLAG_SIDE;
    if ((flags & (FLAG_REDUCE_ONLY | FLAG_POST_ONLY)) !== 0) return false;
    if (!this.admits(side, price, store.pool.floats[at | OF_TOTAL] as number)) return false;
    const mark = this.market.markTicks;
    if (price > 2 * mark) return false;
    const loss = lossTicksOf(side, price - mark);
    const oldLoss = words[record | OW_LOSS_TICKS] as number;
    if (store.ladder(side ^ 1).bestKey <= keyOf(side ^ 1, price)) return false;
    const remaining = store.pool.floats[at | OF_REMAINING] as number;
    const more = remaining * loss - remaining * oldLoss;
    if (more > 0 && !this.reserves(account, side, price, 0, more)) return false;

    const oldPrice = words[record | OW_PRICE] as number;
    const ladder = store.ladder(side);
    ladder.remove(order, keyOf(side, oldPrice), remaining);
    words[record | OW_PRICE] = price;
    words[record | OW_LOSS_TICKS] = loss;
    ladder.append(order, keyOf(side, price), remaining);
    if (more < 0)
      this.summary.rows.floats[(account << ROW_FLOAT_SHIFT) | (SF_BID_LOSS + side)]! += more;
    const event = store.report.order(EVT_AMENDED, order, REASON_USER_BITS);
    this.events.floats[(event << 3) + EF_OLD_REMAINING] = remaining;
    this.events.words[(event << 4) + EW_OLD_PRICE] = oldPrice;
    this.events.words[(event << 4) + EW_OLD_LOSS_TICKS] = oldLoss;
    if (more > 0) this.showGrant(event, remaining, loss, oldLoss);
    this.complete(event, message, slot, account, sequence);
    return true;
  }

  cancel(message: MessageBuffer, slot: number, sequence: number): boolean {
    const store = this.store;
    const order = store.index.find(message.floats[(slot << 3) | F_ORDER_ID] as number);
    if (order === 0 || this.market.state !== MARKET_STATE.open) return false;
    const words = store.pool.words;
    const record = order << WORD_SHIFT;
    const account = message.words[(slot << 4) | W_ACCOUNT] as number;
    if (words[record | OW_ACCOUNT] !== account || words[record | OW_CLIENT_REF] !== NO_CLIENT_REF)
      return false;

    const side = (words[record | OW_FLAGS] as number) & FLAG_SIDE;
    const lots = store.pool.floats[(order << FLOAT_SHIFT) | OF_REMAINING] as number;
    const event = store.report.order(EVT_CANCELED, order, REASON_USER_BITS);
    this.events.floats[(event << 3) | EF_LOTS] = 0;
    const row = account << ROW_FLOAT_SHIFT;
    const rows = this.summary.rows.floats;
    rows[row | (SF_BID_LOTS + side)]! -= lots;
    rows[row | (SF_BID_LOSS + side)]! -= lots * (words[record | OW_LOSS_TICKS] as number);
    store.ladder(side).remove(order, keyOf(side, words[record | OW_PRICE] as number), lots);
    store.forget(order);
    if (
      rows[row | SF_BID_LOTS] === 0 &&
      rows[row | SF_ASK_LOTS] === 0 &&
      rows[row | SF_POSITION] === 0
    ) {
      clearActiveIfFlat(this.state.accounts, this.summary, account);
    }
    this.complete(event, message, slot, account, sequence);
    return true;
  }

  /** A limit order, good till canceled, without a client id, that meets nobody. */
  place(message: MessageBuffer, slot: number, sequence: number): boolean {
    const w = slot << 4;
    const inbox = message.words;
    const flags = (inbox[w | W_FLAGS] as number) & CLIENT_FLAGS;
    // Words 6 and 7 hold a numeric client id.
    const special =
      (flags & ~PLAIN_PLACE_FLAGS) | (inbox[w | 6] as number) | (inbox[w | 7] as number);
    if (special !== 0 || flags >>> STP_SHIFT > STP_DECREMENT) return false;
    const price = inbox[w | W_PRICE] as number;
    const lots = message.floats[(slot << 3) | F_QTY] as number;
    const side = flags & FLAG_SIDE;
    if (!Number.isInteger(lots) || lots < 1 || lots > this.market.params.qtyLotsMax) return false;
    if (!this.admits(side, price, lots)) return false;
    const store = this.store;
    if (store.ladder(side ^ 1).bestKey <= keyOf(side ^ 1, price)) return false;
    const account = inbox[w | W_ACCOUNT] as number;
    store.rows.ensure(account);
    const open = store.rows.words[(account << ROW_SHIFT) | RW_OPEN_ORDERS] as number;
    if (open >= this.market.params.openOrdersMax) return false;
    const loss = lossTicksOf(side, price - this.market.markTicks);
    if (!this.reserves(account, side, price, lots, lots * loss)) return false;

    const order = this.newOrder(account, flags, price, lots, loss);
    const event = store.report.order(EVT_ACCEPTED, order, 0);
    this.events.floats[(event << 3) + EF_VALUE] = lots;
    this.events.words[(event << 4) + EW_OLD_LOSS_TICKS] = loss;
    store.register(order);
    store.ladder(side).append(order, keyOf(side, price), lots);
    this.complete(event, message, slot, account, sequence);
    return true;
  }

  private reserves(
    account: number,
    side: number,
    price: number,
    lots: number,
    loss: number,
  ): boolean {
    const wanted = this.reservation;
    wanted.account = account;
    wanted.side = side;
    wanted.priceTicks = price;
    wanted.change[CHANGE_LOTS] = lots;
    wanted.change[CHANGE_LOSS] = loss;
    return tryReserve(this.state, this.summary, wanted) === 0;
  }

  /** On the long way the market would have asked for the larger loss reserve, and echoed the grant. */
  private showGrant(event: number, remaining: number, loss: number, oldLoss: number): void {
    const floats = this.events.floats;
    const words = this.events.words;
    words[(event << 4) | EW_FLAGS]! |= FLAG_GRANTED;
    floats[(event << 3) + EF_GRANTED_REMAINING] = remaining;
    floats[(event << 3) + EF_GRANT_OLD_REMAINING] = remaining;
    words[(event << 4) + EW_RESERVED_LOSS_TICKS] = loss;
    words[(event << 4) + EW_RESERVED_OLD_LOSS_TICKS] = oldLoss;
  }

  /** State, price range and band, least notional: all that the market asks of a plain order. */
  private admits(side: number, price: number, lots: number): boolean {
    const market = this.market;
    if (market.state !== MARKET_STATE.open || market.markTicks === 0) return false;
    if (price < 1 || price > market.params.priceTicksMax) return false;
    if (price * lots < market.minValueTickLots) return false;
    return side === 0 ? price <= market.buyLimitTicks : price >= market.sellLimitTicks;
  }

  private newOrder(
    account: number,
    flags: number,
    price: number,
    lots: number,
    lossTicks: number,
  ): number {
    const store = this.store;
    const order = store.pool.take();
    const words = store.pool.words;
    const floats = store.pool.floats;
    const record = order << WORD_SHIFT;
    const at = order << FLOAT_SHIFT;
    const id = (store.counters[COUNTER_LAST_ORDER_ID] as number) + 1;
    store.counters[COUNTER_LAST_ORDER_ID] = id;
    floats[at | OF_ID] = id;
    floats[at | OF_REMAINING] = lots;
    floats[at | OF_TOTAL] = lots;
    words[record | OW_PRICE] = price;
    words[record | OW_ACCOUNT] = account;
    words[record | OW_FLAGS] = flags | (this.state.accounts.tier(account) << TIER_SHIFT);
    words[record | OW_CLIENT_REF] = NO_CLIENT_REF;
    words[record | OW_LOSS_TICKS] = lossTicks;
    words[record | OW_EXPIRY_POSITION] = 0;
    return order;
  }

  /** What the shard and the margin actor would have added to the event. */
  private complete(
    event: number,
    message: MessageBuffer,
    slot: number,
    account: number,
    sequence: number,
  ): void {
    const floats = this.events.floats;
    const words = this.events.words;
    const f = event << 3;
    words[(event << 4) | EW_SESSION] = message.words[(slot << 4) | W_SESSION] as number;
    words[(event << 4) | EW_REQUEST] = message.words[(slot << 4) | W_REQUEST] as number;
    floats[f | EF_SEQUENCE] = sequence;
    floats[f | EF_ACCOUNT_SEQUENCE] = this.state.accounts.nextSequence(account);
    floats[f + EF_COLLATERAL] = this.state.accounts.collateral(account);
  }
}
