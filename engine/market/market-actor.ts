import { FastBook, type FastBookOptions, WINDOW_BITS } from '../book/fast-book.js';
import { NO_ORDER, type OrderBook } from '../book/order-book.js';
import type { Kernel } from '../kernel/host/kernel.js';
import { LEDGER_OWN } from '../kernel/layout.js';
import {
  EF_LOTS,
  EVENT_SLOTS,
  EW_REQUEST,
  EW_SESSION,
  F_CLIENT_ID,
  F_EXPIRY,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT, type RejectCode } from '../messages/reject-codes.js';
import { pushMarketRejection, pushRejection } from '../messages/rejection.js';
import {
  EVT_MARK_PRICE,
  FLAG_MARKET_ORDER,
  FLAG_MASS_LIQUIDATION,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MSG_ADL_CANDIDATES,
  MSG_AMEND,
  MSG_AMEND_GRANTED,
  MSG_CANCEL,
  MSG_LIQUIDATE,
  MSG_MASS_CANCEL,
  MSG_PLACE,
  MSG_PLACE_TRIGGER,
  MSG_PLACE_TRIGGERED,
  MSG_REPLACE,
  MSG_TAKE_OVER,
  mayRest,
  PRICE_OF_INDEX,
  PRICE_OF_MARK,
  SIDE_BUY,
  SIDE_SELL,
} from '../messages/types.js';
import { MarketParents } from '../parents/market-parents.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { withoutMinusZero } from '../state/minus-zero.js';
import { MarketTriggers } from '../triggers/market-triggers.js';
import { SortedTriggers } from '../triggers/sorted-triggers.js';
import type { CreateTriggers } from '../triggers/trigger-store.js';
import {
  asPriceTicks,
  asTimeMs,
  asValueTickLots,
  type PriceTicks,
  type ValueTickLots,
} from '../units/units.js';
import { payFunding } from './funding-event.js';
import { MarketLiquidations } from './liquidation/market-liquidations.js';
import { type MarginTerms, NO_MARGIN_TERMS } from './margin-terms.js';
import type { MarketParams } from './market-params.js';
import { MarketPricing } from './market-pricing.js';
import type { MarketRules } from './market-rules.js';
import { MARKET_STATE, type MarketState } from './market-state.js';
import { interestBeyondCap } from './open-interest-cap.js';
import { bandPriceTicks, expires, leastValueTickLots, notionalMicroUsd } from './order-rules.js';
import { MarketPositions } from './positions.js';
import { readPositions, writePositions } from './positions-canonical.js';
import { tellGuards, writeMark } from './price-events.js';
import type { PricingParams } from './pricing-params.js';

/** Tests run the same market over the naive book. */
export type CreateBook = (options: FastBookOptions & { events: MessageBuffer }) => OrderBook;

/**
 * One perpetual market: order book, positions, open interest, mark price, state. A deterministic function of its
 * messages; nothing here knows of accounts' money.
 */
export class MarketActor {
  readonly marketId: number;
  readonly book: OrderBook;
  readonly positions: MarketPositions;
  readonly triggers: MarketTriggers;
  readonly parents: MarketParents;
  readonly events: MessageBuffer;
  private terms: MarketParams;
  /** Limits that follow from parameters and mark, kept because every order meets them. */
  buyLimitTicks: PriceTicks = asPriceTicks(0);
  sellLimitTicks: PriceTicks = asPriceTicks(0);
  minValueTickLots: ValueTickLots = asValueTickLots(0);
  /** As the operator has set it. */
  state: MarketState = MARKET_STATE.initializing;
  readonly pricing: MarketPricing;
  /** Of these the market itself looks at the cap on open interest. */
  marginTerms: MarginTerms = NO_MARGIN_TERMS;
  readonly liquidations: MarketLiquidations;
  /** Margin actors that are home to accounts: one in each shard. */
  homes = 1;

  constructor(
    marketId: number,
    params: MarketParams,
    kernel: Kernel,
    rules: MarketRules,
    createBook: CreateBook = (options) => new FastBook(options),
    createTriggers: CreateTriggers = () => new SortedTriggers(),
  ) {
    this.marketId = marketId;
    this.terms = params;
    const { priceTicksMax } = params;
    const book = kernel.calls.openBook(marketId, priceTicksMax, WINDOW_BITS, LEDGER_OWN);
    kernel.refresh();
    this.positions = new MarketPositions(
      kernel,
      book,
      params.microUsdPerTickLotNumerator,
      params.microUsdPerTickLotDenominator,
    );
    this.events = kernel.events;
    const { positions: ledger } = this;
    this.book = createBook({ marketId, priceTicksMax, ledger, kernel, book, events: this.events });
    this.pricing = new MarketPricing(rules.pricing, this.book, priceTicksMax);
    this.triggers = new MarketTriggers(this, createTriggers());
    this.liquidations = new MarketLiquidations(this, rules.deleveraging);
    this.parents = new MarketParents(this);
    this.deriveLimits();
  }

  /** 0 until the first oracle price. */
  get markTicks(): PriceTicks {
    return this.pricing.markTicks;
  }

  /** What decides over orders: while a guard stands, an open market only lets positions be closed. */
  get admission(): MarketState {
    const isTrading = this.state === MARKET_STATE.open || this.state === MARKET_STATE.post_only;
    return isTrading && this.pricing.index.guards !== 0 ? MARKET_STATE.reduce_only : this.state;
  }

  /** Earliest time at which something is due, Infinity when nothing is. */
  nextTimerMs(): number {
    const expiryMs = Math.min(this.book.nextExpiryMs(), this.triggers.store.nextExpiryMs());
    const { pricing, parents, liquidations } = this;
    const orderMs = Math.min(expiryMs, parents.nextTimerMs(), liquidations.nextTimerMs());
    return Math.min(orderMs, pricing.nextTimerMs);
  }

  get params(): MarketParams {
    return this.terms;
  }

  setParams(params: MarketParams): void {
    this.terms = params;
    this.deriveLimits();
  }

  /** A message that a margin actor forwarded. */
  onMessage(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const firstEvent = this.events.length;
    this.apply(inbox, slot, nowMs);
    if (this.triggers.watchesTrades) this.triggers.onTrades(firstEvent);
  }

  private apply(inbox: MessageBuffer, slot: number, nowMs: number): void {
    switch (typeOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number)) {
      case MSG_PLACE:
        if (this.admitsOrder(inbox, slot, nowMs)) this.book.place(inbox, slot);
        break;
      case MSG_AMEND:
      case MSG_AMEND_GRANTED:
        if (this.admitsAmend(inbox, slot)) this.book.amend(inbox, slot);
        break;
      case MSG_CANCEL:
        if (!this.admitsCancel(inbox, slot) || this.triggers.cancel(inbox, slot)) break;
        if (this.parents.cancel(inbox, slot)) break;
        this.book.cancel(inbox, slot);
        break;
      case MSG_REPLACE:
        if (this.admitsCancel(inbox, slot) && this.admitsOrder(inbox, slot, nowMs)) {
          this.book.replace(inbox, slot);
        }
        break;
      case MSG_MASS_CANCEL:
        if (this.admitsMassCancel(inbox, slot)) this.massCancel(inbox, slot);
        break;
      case MSG_PLACE_TRIGGER:
        this.triggers.place(inbox, slot, nowMs);
        break;
      case MSG_PLACE_TRIGGERED:
        this.triggers.placeFired(inbox, slot, nowMs);
        break;
      case MSG_LIQUIDATE:
        this.liquidations.onLiquidate(inbox, slot, nowMs);
        break;
      case MSG_TAKE_OVER:
        this.liquidations.onTakeOver(inbox, slot, nowMs);
        break;
      case MSG_ADL_CANDIDATES:
        this.liquidations.onCandidates(inbox, slot);
        break;
      default:
        if (this.parents.onMessage(inbox, slot, nowMs)) break;
        this.refuse(inbox, slot, REJECT.message_type_is_unknown, 0, 0);
    }
  }

  /** Does what is due: expiries, ends of auctions, then mark price, sample of the premium, funding. */
  onTime(nowMs: number): void {
    if (this.book.nextExpiryMs() <= nowMs) this.book.expire(nowMs);
    this.triggers.onTime(nowMs);
    this.liquidations.onTime(nowMs);
    this.onPricingTime(nowMs);
    // At the prices of this moment.
    this.parents.onTime(nowMs);
  }

  private onPricingTime(nowMs: number): void {
    const { pricing } = this;
    if (pricing.nextTimerMs > nowMs) return;
    this.onMarkTime(nowMs);
    pricing.onSampleTime(nowMs, this.terms);
    const due = pricing.onFundingTime(nowMs);
    if (due !== null) payFunding(this, due, nowMs);
  }

  /** CMD_ORACLE_PRICE. The answer tells mark and index as they are then: a price that a guard holds back changes neither. */
  setIndexPrice(message: MessageBuffer, slot: number, nowMs: number): void {
    const ticks = asPriceTicks(message.words[slot * SLOT_WORDS + W_PRICE] as number);
    const publishTime = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    const publishTimeMs = asTimeMs(withoutMinusZero(publishTime));
    const confidenceTicks = message.floats[slot * SLOT_FLOATS + F_CLIENT_ID] as number;
    const known = this.pricing.index.publishTimeMs;
    if (ticks < 1 || ticks > this.params.priceTicksMax) {
      const code = REJECT.price_ticks_must_be_within_1_and_limit;
      pushRejection(this.events, message, slot, code, ticks, this.params.priceTicksMax);
      return;
    }
    if (!(publishTimeMs >= known)) {
      const code = REJECT.publish_time_must_not_go_back;
      pushRejection(this.events, message, slot, code, publishTimeMs, known);
      return;
    }
    const before = this.pricing.index.guards;
    const doubt = this.pricing.offer({ ticks, confidenceTicks, publishTimeMs }, nowMs);
    this.deriveLimits();
    const event = this.answer(message, slot, EVT_MARK_PRICE, EVENT_SLOTS);
    writeMark(this, event);
    if (this.pricing.index.guards !== before) tellGuards(this, doubt);
    this.firePrices();
  }

  /** Canonical trading state; with `references` also what a snapshot needs beside it. */
  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    writer.put(this.marketId);
    writer.put(this.state);
    this.pricing.writeCanonical(writer);
    writePositions(this.positions, writer);
    this.book.writeCanonical(writer, references);
    this.triggers.writeCanonical(writer, references);
    this.liquidations.writeCanonical(writer);
    this.parents.writeCanonical(writer, references);
  }

  readCanonical(reader: CanonicalReader, pricing: PricingParams): void {
    reader.take();
    this.state = reader.take() as MarketState;
    this.pricing.readCanonical(reader, pricing);
    this.deriveLimits();
    readPositions(this.positions, reader);
    this.book.readCanonical(reader);
    this.triggers.readCanonical(reader);
    this.liquidations.readCanonical(reader);
    this.parents.readCanonical(reader);
  }

  private deriveLimits(): void {
    const params = this.terms;
    this.minValueTickLots = leastValueTickLots(params, params.minNotionalMicroUsd);
    if (this.markTicks === 0) return;
    this.buyLimitTicks = bandPriceTicks(params, SIDE_BUY, this.markTicks);
    this.sellLimitTicks = bandPriceTicks(params, SIDE_SELL, this.markTicks);
  }

  /** Trigger orders and TWAPs go with the orders of the book, and are counted with them. */
  private massCancel(inbox: MessageBuffer, slot: number): void {
    const waiting = this.triggers.massCancel(inbox, slot) + this.parents.massCancel(inbox, slot);
    this.book.massCancel(inbox, slot);
    const answer = this.events.length - EVENT_SLOTS;
    this.events.floats[answer * SLOT_FLOATS + EF_LOTS]! += waiting;
  }

  /** Lets prices change, and tells what has. A mark that stays is told too where rates grow with the open interest, which goes with it. */
  private onMarkTime(nowMs: number): void {
    const { pricing } = this;
    const { markTicks } = pricing;
    const { guards } = pricing.index;
    const tellsInterest = this.marginTerms.growthUpperUsd !== 0 && pricing.isMarkDue(nowMs);
    const doubt = pricing.onMarkTime(nowMs);
    const hasOtherGuards = pricing.index.guards !== guards;
    if (pricing.markTicks !== markTicks || hasOtherGuards || tellsInterest) {
      this.deriveLimits();
      writeMark(this, this.tell(EVT_MARK_PRICE));
    }
    if (hasOtherGuards) tellGuards(this, doubt);
    this.firePrices();
  }

  /**
   * After the event of the price: the account's home must know the mark when it reserves what has fired. Prices that are not trusted
   * fire nothing.
   */
  private firePrices(): void {
    const { index, markTicks } = this.pricing;
    if (!index.isTrusted) return;
    this.triggers.onPrice(PRICE_OF_MARK, markTicks);
    this.triggers.onPrice(PRICE_OF_INDEX, index.ticks);
  }

  /** An event of the market that answers nobody. */
  tell(type: number): number {
    const event = this.events.push(EVENT_SLOTS);
    this.events.words[event * SLOT_WORDS + W_HEAD] = headOf(type, EVENT_SLOTS, this.marketId);
    return event;
  }

  answer(message: MessageBuffer, slot: number, type: number, slots: number): number {
    const event = this.events.push(slots);
    const words = this.events.words;
    const w = event * SLOT_WORDS;
    words[w + W_HEAD] = headOf(type, slots, this.marketId);
    words[w + EW_SESSION] = message.words[slot * SLOT_WORDS + W_SESSION] as number;
    words[w + EW_REQUEST] = message.words[slot * SLOT_WORDS + W_REQUEST] as number;
    return event;
  }

  admitsOrder(inbox: MessageBuffer, slot: number, nowMs: number): boolean {
    const w = slot * SLOT_WORDS;
    const flags = inbox.words[w + W_FLAGS] as number;
    if (this.admission !== MARKET_STATE.open && !this.stateAdmitsOrder(inbox, slot, flags)) {
      return false;
    }
    const price = inbox.words[w + W_PRICE] as number;
    const lots = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (!this.admitsPrice(inbox, slot, flags, price) || !this.admitsLots(inbox, slot, lots)) {
      return false;
    }
    if ((flags & FLAG_REDUCE_ONLY) === 0 && price * lots < this.minValueTickLots) {
      return this.refuseNotional(inbox, slot, asValueTickLots(price * lots));
    }
    if (expires(flags) && !((inbox.floats[slot * SLOT_FLOATS + F_EXPIRY] as number) > nowMs)) {
      const expiry = inbox.floats[slot * SLOT_FLOATS + F_EXPIRY] as number;
      return this.refuse(inbox, slot, REJECT.expiry_time_must_be_in_the_future, expiry, nowMs);
    }
    if (!this.admitsInterest(inbox, slot, flags, lots)) return false;
    return this.hasPlaceFor(inbox, slot, flags);
  }

  /** An order that never rests takes no place of those that the account may have in the book; one that replaces another takes that one's. */
  private hasPlaceFor(inbox: MessageBuffer, slot: number, flags: number): boolean {
    if (!mayRest(flags)) return true;
    const w = slot * SLOT_WORDS;
    const { openOrdersMax } = this.params;
    const left = typeOf(inbox.words[w + W_HEAD] as number) === MSG_REPLACE ? 1 : 0;
    const open = this.book.openOrdersOf(inbox.words[w + W_ACCOUNT] as number) - left;
    if (open < openOrdersMax) return true;
    const code = REJECT.open_orders_must_not_exceed_limit;
    return this.refuse(inbox, slot, code, open + 1, openOrdersMax);
  }

  private admitsAmend(inbox: MessageBuffer, slot: number): boolean {
    const order = this.book.find(inbox, slot);
    // The book itself says that there is no such order, but only where cancels are let in.
    if (order === NO_ORDER) return this.admitsCancel(inbox, slot);
    const price = inbox.words[slot * SLOT_WORDS + W_PRICE] as number;
    const lots = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    const flags = this.book.flagsOf(order);
    const sizeDown =
      (price === 0 || price === this.book.priceOf(order)) &&
      lots !== 0 &&
      lots < this.book.totalLotsOf(order);
    if (this.admission !== MARKET_STATE.open) {
      if (!this.admitsCancel(inbox, slot)) return false;
      if (!sizeDown && !this.stateAdmitsOrder(inbox, slot, flags)) return false;
    }
    // Who names the price that the order has must be able to make it smaller wherever the band is now.
    if (price !== 0 && !sizeDown && !this.admitsPrice(inbox, slot, flags, price)) return false;
    if (lots !== 0 && !this.admitsLots(inbox, slot, lots)) return false;
    const more = lots - this.book.totalLotsOf(order);
    if (more > 0 && !this.admitsInterest(inbox, slot, flags, more)) return false;
    if (!sizeDown && (flags & FLAG_REDUCE_ONLY) === 0) {
      const value =
        (price === 0 ? this.book.priceOf(order) : price) *
        (lots === 0 ? this.book.totalLotsOf(order) : lots);
      if (value < this.minValueTickLots) {
        return this.refuseNotional(inbox, slot, asValueTickLots(value));
      }
    }
    return true;
  }

  private admitsCancel(inbox: MessageBuffer, slot: number): boolean {
    const state = this.state;
    if (state <= MARKET_STATE.reduce_only && state !== MARKET_STATE.initializing) return true;
    return this.refuse(inbox, slot, REJECT.market_does_not_accept_cancels, state, 0);
  }

  /** Nothing of whoever is liquidated may outlive a halt: it would trade when the market opens again, with no margin behind it. */
  private admitsMassCancel(inbox: MessageBuffer, slot: number): boolean {
    const flags = inbox.words[slot * SLOT_WORDS + W_FLAGS] as number;
    const liquidates = (flags & FLAG_MASS_LIQUIDATION) !== 0;
    return (liquidates && this.state === MARKET_STATE.halted) || this.admitsCancel(inbox, slot);
  }

  stateAdmitsOrder(inbox: MessageBuffer, slot: number, flags: number): boolean {
    const state = this.admission;
    if (state === MARKET_STATE.open) return true;
    if (state === MARKET_STATE.post_only) {
      if ((flags & FLAG_POST_ONLY) !== 0) return true;
      const code = REJECT.market_accepts_only_post_only_orders;
      return this.refuse(inbox, slot, code, flags, 0);
    }
    if (state === MARKET_STATE.reduce_only) {
      if ((flags & FLAG_REDUCE_ONLY) !== 0) return true;
      const code = REJECT.market_accepts_only_reduce_only_orders;
      return this.refuse(inbox, slot, code, flags, 0);
    }
    return this.refuse(inbox, slot, REJECT.market_does_not_accept_new_orders, state, 0);
  }

  private admitsPrice(inbox: MessageBuffer, slot: number, flags: number, price: number): boolean {
    const params = this.params;
    if (price < 1 || price > params.priceTicksMax) {
      const code = REJECT.price_ticks_must_be_within_1_and_limit;
      return this.refuse(inbox, slot, code, price, params.priceTicksMax);
    }
    if (this.markTicks === 0) {
      return this.refuse(inbox, slot, REJECT.market_has_no_mark_price, 0, 0);
    }
    // A market order carries the band itself as its limit.
    if ((flags & FLAG_MARKET_ORDER) !== 0) return true;
    const side = flags & FLAG_SIDE;
    if (side === SIDE_BUY) {
      if (price <= this.buyLimitTicks) return true;
      const code = REJECT.price_ticks_must_not_exceed_upper_band;
      return this.refuse(inbox, slot, code, price, this.buyLimitTicks);
    }
    if (price >= this.sellLimitTicks) return true;
    const code = REJECT.price_ticks_must_not_be_below_lower_band;
    return this.refuse(inbox, slot, code, price, this.sellLimitTicks);
  }

  refuseNotional(inbox: MessageBuffer, slot: number, value: ValueTickLots): false {
    const code = REJECT.notional_micro_usd_must_reach_minimum;
    const notional = notionalMicroUsd(this.terms, value);
    return this.refuse(inbox, slot, code, notional, this.terms.minNotionalMicroUsd);
  }

  admitsLots(inbox: MessageBuffer, slot: number, lots: number): boolean {
    const limit = this.params.qtyLotsMax;
    if (lots >= 1 && lots <= limit) return true;
    const code = REJECT.qty_lots_must_be_within_1_and_limit;
    return this.refuse(inbox, slot, code, lots, limit);
  }

  admitsInterest(inbox: MessageBuffer, slot: number, flags: number, lots: number): boolean {
    if ((flags & FLAG_REDUCE_ONLY) !== 0) return true;
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    const interest = interestBeyondCap(this, account, flags & FLAG_SIDE, lots);
    if (interest === 0) return true;
    const code = REJECT.open_interest_lots_must_not_exceed_limit;
    return this.refuse(inbox, slot, code, interest, this.marginTerms.openInterestLotsMax);
  }

  refuse(
    inbox: MessageBuffer,
    slot: number,
    code: RejectCode,
    value: number,
    limit: number,
  ): false {
    pushMarketRejection(this.events, inbox, slot, code, value, limit);
    return false;
  }
}
