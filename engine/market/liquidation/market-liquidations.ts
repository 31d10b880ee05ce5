import { assert } from '../../assert.js';
import {
  EF_EXPIRY,
  EF_FEE,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EF_REMAINING,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_CODE,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  F_ORDER_ID,
  F_QTY,
  headOf,
  LADDER_F_EQUITY,
  LADDER_F_POSITION,
  LADDER_W_MARK,
  LADDER_W_RUNG,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../messages/layout.js';
import type { MessageBuffer } from '../../messages/message-buffer.js';
import { REJECT } from '../../messages/reject-codes.js';
import { lossTicksOf } from '../../messages/rejection.js';
import {
  AUCTION_ENDED,
  AUCTION_OPENED,
  AUCTION_TAKEN,
  EVT_AUCTION,
  EVT_FILL,
  EVT_INSURANCE,
  EVT_REJECTED,
  FLAG_LIQUIDATION,
  FLAG_MAKER,
  FLAG_TAKER,
  INSURANCE_DEBT,
  INSURANCE_DUST,
  INSURANCE_FEE,
  INSURANCE_SHORTFALL,
  LADDER_AUCTION,
  LADDER_COVER,
  LADDER_DELEVERAGE,
  LADDER_END,
  LADDER_FUND,
  LADDER_SLICE,
  MSG_PLACE,
  REASON_SHIFT,
  SIDE_BUY,
  SIDE_SELL,
  sideOf,
  TRANSFER_DELEVERAGING,
  TRANSFER_TAKE_OVER,
  tierOf,
} from '../../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../state/canonical-writer.js';
import {
  asMicroUsd,
  asPriceTicks,
  asQtyLots,
  asTimeMs,
  type MicroUsd,
  PPM_ONE,
  type PriceTicks,
  type QtyLots,
} from '../../units/units.js';
import type { MarketActor } from '../market-actor.js';
import { MARKET_STATE } from '../market-state.js';
import { bandPriceTicks } from '../order-rules.js';
import { type Auction, Auctions, auctionPriceTicks, endOf } from './auctions.js';
import { type Backing, backingWithFund, bankruptcyTicks, surplusMicroUsd } from './bankruptcy.js';
import { Deleveraging, type FoundSteps } from './deleveraging.js';
import { type DeleveragingRules, FEE_MAX_PPM, FEE_SHARE } from './liquidation-rules.js';
import { VolumeLimit } from './volume-limit.js';

/** What the fills of one order have brought about. */
interface Closed {
  lots: number;
  valueTickLots: bigint;
  feeMicroUsd: bigint;
}

/**
 * What a market does for the liquidation ladder, at the word of the account's home: slices into the book, auctions, closing at the
 * expense of the insurance fund, deleveraging. The fund is the market's own: it gets the dust of funding, a part of what
 * liquidations leave, and what the operator pays in; it never goes below zero and never holds a position.
 */
export class MarketLiquidations {
  readonly auctions = new Auctions();
  private readonly deleveraging: Deleveraging;
  private readonly limit = new VolumeLimit();
  private readonly market: MarketActor;
  /** Micro-USD in the fund that are not dust of funding: fees − payments + what operators have paid in. */
  paidIn = 0n;

  constructor(market: MarketActor, rules: DeleveragingRules) {
    this.market = market;
    this.deleveraging = new Deleveraging(market, rules);
  }

  /** MSG_LIQUIDATE. */
  onLiquidate(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const w = slot * SLOT_WORDS;
    const account = inbox.words[w + W_ACCOUNT] as number;
    const rung = inbox.words[w + LADDER_W_RUNG] as number;
    const backing = backingOf(inbox, slot);
    this.endAuctionOf(account);
    if (rung === LADDER_SLICE) this.slice(inbox, slot, nowMs, backing);
    else if (rung === LADDER_FUND) this.closeWithFund(inbox, slot, nowMs, backing);
    else if (rung === LADDER_AUCTION) this.openAuction(account, backing, nowMs);
    else if (rung === LADDER_DELEVERAGE && this.isTrading)
      this.deleveraging.begin(account, backing);
    else if (rung === LADDER_COVER) this.payDebt(account, backing.equityMicroUsd);
    else if (rung === LADDER_END) this.deleveraging.withdraw(account);
  }

  /** MSG_ADL_CANDIDATES. */
  onCandidates(inbox: MessageBuffer, slot: number): void {
    const found = this.deleveraging.answer(inbox, slot);
    if (found !== null && this.isTrading) this.deleverage(found);
  }

  /** MSG_TAKE_OVER: a liquidator takes lots at the price of now, if that is within the limit. */
  onTakeOver(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const { market } = this;
    const w = slot * SLOT_WORDS;
    const id = inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
    const asked = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    const limit = inbox.words[w + W_PRICE] as number;
    const auction = this.auctions.find(id);
    if (auction === null || auction.side !== sideOf(inbox.words[w + W_FLAGS] as number)) {
      market.refuse(inbox, slot, REJECT.auction_is_not_open, id, 0);
      return;
    }
    if (auction.account === inbox.words[w + W_ACCOUNT]) {
      market.refuse(inbox, slot, REJECT.auction_is_of_the_same_account, id, 0);
      return;
    }
    if (this.sizeLeft(auction) === 0) {
      this.endAuction(auction);
      market.refuse(inbox, slot, REJECT.auction_is_not_open, id, 0);
      return;
    }
    if (!this.admitsTakeOver(inbox, slot)) return;
    if (!market.admitsLots(inbox, slot, asked)) return;
    const price = this.priceOf(auction, nowMs);
    if (auction.side === SIDE_BUY ? price > limit : price < limit) {
      market.refuse(inbox, slot, REJECT.auction_price_is_beyond_limit, limit, price);
      return;
    }
    auction.lots = asQtyLots(this.sizeLeft(auction));
    this.takeOver(auction, inbox, slot, asQtyLots(Math.min(asked, auction.lots)), price);
  }

  nextTimerMs(): number {
    return this.auctions.nextEndMs();
  }

  onTime(nowMs: number): void {
    for (const auction of this.auctions.ended(nowMs)) this.endAuction(auction);
  }

  /** Nobody trades any more. */
  endAll(): void {
    for (const auction of this.auctions.all) this.endAuction(auction);
  }

  /** What liquidators pay, or get for a short position, at this time. */
  priceOf(auction: Auction, nowMs: number): PriceTicks {
    const { markTicks, params } = this.market;
    return auctionPriceTicks(auction, markTicks, params.priceTicksMax, nowMs);
  }

  /** The operator pays in (positive) or out. */
  fund(changeMicroUsd: MicroUsd): void {
    const { positions } = this.market;
    positions.insuranceMicroUsd = asMicroUsd(positions.insuranceMicroUsd + changeMicroUsd);
    this.paidIn += BigInt(changeMicroUsd);
  }

  writeCanonical(writer: CanonicalWriter): void {
    this.auctions.writeState(writer);
    this.deleveraging.writeState(writer);
    this.limit.writeState(writer);
    writer.put(Number(this.paidIn));
  }

  readCanonical(reader: CanonicalReader): void {
    this.auctions.readState(reader);
    this.deleveraging.readState(reader);
    this.limit.readState(reader);
    this.paidIn = BigInt(reader.take());
  }

  /** Its price follows the mark: nobody may buy at one that stands still or is not trusted. */
  private admitsTakeOver(inbox: MessageBuffer, slot: number): boolean {
    const { market } = this;
    if (!this.isTrading) {
      const code = REJECT.market_does_not_accept_new_orders;
      return market.refuse(inbox, slot, code, market.state, 0);
    }
    if (market.pricing.index.isTrusted) return true;
    const flags = inbox.words[slot * SLOT_WORDS + W_FLAGS] as number;
    return market.refuse(inbox, slot, REJECT.market_accepts_only_reduce_only_orders, flags, 0);
  }

  private get isTrading(): boolean {
    const { state } = this.market;
    return state >= MARKET_STATE.open && state <= MARKET_STATE.reduce_only;
  }

  /** Rung 2: no more than the minute's share. Its price bound is the bankruptcy price, so nobody but the account pays. */
  private slice(inbox: MessageBuffer, slot: number, nowMs: number, backing: Backing): void {
    const { market, limit } = this;
    const { markTicks, params, positions } = market;
    const asked = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    const left = limit.left(nowMs, positions.openInterestLots, markTicks, params);
    inbox.words[slot * SLOT_WORDS + W_HEAD] = headOf(MSG_PLACE, 1, market.marketId);
    if (left === 0) {
      const code = REJECT.liquidations_must_not_exceed_limit_a_minute;
      market.refuse(inbox, slot, code, asked, left);
      return;
    }
    const closed = this.place(inbox, slot, nowMs, asQtyLots(Math.min(asked, left)));
    limit.add(closed.lots);
    if (closed.lots === 0) return;
    const surplus = this.surplusOf(backing, closed);
    const fee = surplus > 0n ? this.feeOf(closed, surplus) : 0n;
    if (fee > 0n)
      this.pay(inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number, fee, INSURANCE_FEE);
  }

  /**
   * Rung 4: the account is bankrupt. Lots are closed as far beyond the bankruptcy price as the fund could pay for all of them, and
   * within the band; the fund pays what they have cost beyond it, to the micro-USD.
   */
  private closeWithFund(inbox: MessageBuffer, slot: number, nowMs: number, backing: Backing): void {
    const { market } = this;
    const { params, positions } = market;
    const w = slot * SLOT_WORDS;
    const flags = inbox.words[w + W_FLAGS] as number;
    const lots = asQtyLots(inbox.floats[slot * SLOT_FLOATS + F_QTY] as number);
    const account = inbox.words[w + W_ACCOUNT] as number;
    const withFund = backingWithFund(backing, lots, positions.insuranceMicroUsd);
    const bound = bankruptcyTicks(params, withFund, positions.takerPpm(tierOf(flags)));
    const band = bandPriceTicks(params, sideOf(flags), market.markTicks);
    const isSell = sideOf(flags) === SIDE_SELL;
    inbox.words[w + W_PRICE] = isSell ? Math.max(bound, band) : Math.min(bound, band);
    inbox.words[w + W_HEAD] = headOf(MSG_PLACE, 1, market.marketId);
    const closed = this.place(inbox, slot, nowMs, lots);
    if (closed.lots === 0) return;
    const surplus = this.surplusOf(backing, closed);
    if (surplus < 0n) this.payOut(account, -surplus, INSURANCE_SHORTFALL);
    else if (surplus > 0n) this.pay(account, this.feeOf(closed, surplus), INSURANCE_FEE);
  }

  /** An order of the ladder. What the market lets in less than was reserved goes back with its first event. */
  private place(inbox: MessageBuffer, slot: number, nowMs: number, lots: QtyLots): Closed {
    const { market } = this;
    const { events } = market;
    const first = events.length;
    const qty = slot * SLOT_FLOATS + F_QTY;
    const asked = inbox.floats[qty] as number;
    inbox.floats[qty] = lots;
    if (market.admitsOrder(inbox, slot, nowMs)) market.book.place(inbox, slot);
    const isRefused = typeOf(events.words[first * SLOT_WORDS + W_HEAD] as number) === EVT_REJECTED;
    events.floats[first * SLOT_FLOATS + (isRefused ? EF_LOTS : EF_VALUE)] = asked;
    return closedBy(events, first, inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number);
  }

  private surplusOf(backing: Backing, { lots, valueTickLots, feeMicroUsd }: Closed): bigint {
    return surplusMicroUsd(this.market.params, backing, lots, valueTickLots) - feeMicroUsd;
  }

  /** Of what is left above bankruptcy a quarter, rounded down, and never more than 0.5 % of the notional. */
  private feeOf({ valueTickLots }: Closed, surplus: bigint): bigint {
    const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = this.market.params;
    const divisor = BigInt(microUsdPerTickLotDenominator) * BigInt(PPM_ONE);
    const most =
      (valueTickLots * BigInt(microUsdPerTickLotNumerator) * BigInt(FEE_MAX_PPM)) / divisor;
    const share = surplus / BigInt(FEE_SHARE);
    return share < most ? share : most;
  }

  /** Rung 3. Nobody who is bankrupt has a discount to give. */
  private openAuction(account: number, backing: Backing, nowMs: number): void {
    const { market } = this;
    const position = market.positions.positionOf(account);
    const isSound = this.isTrading && market.pricing.index.isTrusted && backing.equityMicroUsd > 0;
    if (position === 0 || !isSound) return;
    const auction = this.auctions.open({
      account,
      side: position > 0 ? SIDE_BUY : SIDE_SELL,
      lots: asQtyLots(Math.abs(position)),
      startMs: asTimeMs(nowMs),
      bankruptcyTicks: bankruptcyTicks(market.params, backing, 0),
    });
    this.tellAuction(auction, AUCTION_OPENED, market.markTicks);
  }

  private endAuctionOf(account: number): void {
    const open = this.auctions.ofAccount(account);
    if (open !== null) this.endAuction(open);
  }

  private endAuction(auction: Auction): void {
    this.auctions.remove(auction);
    this.tellAuction(auction, AUCTION_ENDED, asPriceTicks(0));
  }

  /** What is for sale and still there: a trigger order that fires meanwhile closes a part of the position. */
  private sizeLeft({ account, side, lots }: Auction): number {
    const position = this.market.positions.positionOf(account);
    return Math.min(lots, Math.max(0, side === SIDE_BUY ? position : -position));
  }

  private takeOver(
    auction: Auction,
    inbox: MessageBuffer,
    slot: number,
    lots: QtyLots,
    price: PriceTicks,
  ): void {
    const { market } = this;
    const { events, positions } = market;
    const w = slot * SLOT_WORDS;
    const taker = inbox.words[w + W_ACCOUNT] as number;
    const size = Math.abs(positions.positionOf(auction.account));
    assert(lots <= size, 'an auction must not sell more than the position has');
    const reason = TRANSFER_TAKE_OVER << REASON_SHIFT;
    const given = positions.transfer(auction.account, (auction.side ^ 1) | reason, lots, price);
    events.floats[given * SLOT_FLOATS + EF_ORDER_ID] = auction.id;
    const taken = positions.transfer(taker, auction.side | FLAG_TAKER | reason, lots, price);
    const e = taken * SLOT_WORDS;
    events.floats[taken * SLOT_FLOATS + EF_ORDER_ID] = auction.id;
    events.floats[taken * SLOT_FLOATS + EF_REMAINING] = inbox.floats[
      slot * SLOT_FLOATS + F_QTY
    ] as number;
    const distance = inbox.words[w + W_MARK_DISTANCE] as number;
    events.words[e + EW_LOSS_TICKS] = lossTicksOf(auction.side, distance);
    events.words[e + EW_SESSION] = inbox.words[w + W_SESSION] as number;
    events.words[e + EW_REQUEST] = inbox.words[w + W_REQUEST] as number;
    this.trim(auction.account, taker);
    auction.lots = asQtyLots(auction.lots - lots);
    if (auction.lots === 0) this.auctions.remove(auction);
    this.tellAuction(auction, AUCTION_TAKEN, price);
  }

  /**
   * Rung 5: at the bankruptcy price in whole ticks, rounded for the bankrupt account, so that the others together never pay more than the
   * position is short of; what the whole tick is more than bankruptcy, the fund gets, or nobody could say where it went.
   */
  private deleverage({ account, backing, side, steps }: FoundSteps): void {
    const { params, positions } = this.market;
    const price = bankruptcyTicks(params, backing, 0);
    const reason = TRANSFER_DELEVERAGING << REASON_SHIFT;
    let lots = 0;
    for (const step of steps) {
      positions.transfer(account, side | reason, step.lots, price);
      positions.transfer(step.account, (side ^ 1) | reason, step.lots, price);
      lots += step.lots;
    }
    if (lots === 0) return;
    this.trim(account, ...steps.map((step) => step.account));
    // Who gave lots away may be liquidated as well: an auction must not sell what is not there any more.
    for (const step of steps) this.endAuctionOf(step.account);
    const surplus = surplusMicroUsd(params, backing, lots, BigInt(lots) * BigInt(price));
    if (surplus > 0n) this.pay(account, surplus, INSURANCE_DUST);
    else if (surplus < 0n) this.payOut(account, -surplus, INSURANCE_SHORTFALL);
  }

  private trim(...accounts: readonly number[]): void {
    for (const account of accounts) this.market.book.trim(account);
  }

  private payDebt(account: number, equityMicroUsd: number): void {
    if (equityMicroUsd < 0) this.payOut(account, BigInt(-equityMicroUsd), INSURANCE_DEBT);
  }

  /** The fund pays as much of it as it has. */
  private payOut(account: number, microUsd: bigint, kind: number): void {
    const fund = BigInt(this.market.positions.insuranceMicroUsd);
    const paid = microUsd < fund ? microUsd : fund;
    if (paid > 0n) this.pay(account, -paid, kind);
  }

  /** From the account to the fund, negative: from the fund. */
  private pay(account: number, microUsd: bigint, kind: number): void {
    if (microUsd === 0n) return;
    const { events, marketId, positions } = this.market;
    this.fund(asMicroUsd(Number(microUsd)));
    const event = events.push(EVENT_SLOTS);
    const w = event * SLOT_WORDS;
    const f = event * SLOT_FLOATS;
    events.words[w + W_HEAD] = headOf(EVT_INSURANCE, EVENT_SLOTS, marketId);
    events.words[w + W_ACCOUNT] = account;
    events.words[w + EW_FLAGS] = kind;
    events.words[w + EW_CLIENT_REF] = -1;
    events.floats[f + EF_PAYMENT] = Number(microUsd);
    events.floats[f + EF_LIMIT] = positions.insuranceMicroUsd;
  }

  private tellAuction(auction: Auction, stage: number, price: PriceTicks): void {
    const { events, marketId } = this.market;
    const event = events.push(EVENT_SLOTS);
    const w = event * SLOT_WORDS;
    const f = event * SLOT_FLOATS;
    events.words[w + W_HEAD] = headOf(EVT_AUCTION, EVENT_SLOTS, marketId);
    events.words[w + EW_FLAGS] = auction.side;
    events.words[w + EW_CODE] = stage;
    events.words[w + EW_PRICE] = price;
    events.words[w + EW_CLIENT_REF] = -1;
    events.floats[f + EF_ORDER_ID] = auction.id;
    events.floats[f + EF_LOTS] = auction.lots;
    events.floats[f + EF_VALUE] = auction.bankruptcyTicks;
    events.floats[f + EF_EXPIRY] = endOf(auction);
  }
}

function backingOf(inbox: MessageBuffer, slot: number): Backing {
  return {
    markTicks: asPriceTicks(inbox.words[slot * SLOT_WORDS + LADDER_W_MARK] as number),
    equityMicroUsd: inbox.floats[slot * SLOT_FLOATS + LADDER_F_EQUITY] as number,
    positionLots: inbox.floats[slot * SLOT_FLOATS + LADDER_F_POSITION] as number,
  };
}

/** The account's fills as a taker from this slot on, which are marked as those of a liquidation. */
function closedBy(events: MessageBuffer, first: number, account: number): Closed {
  let lots = 0;
  let valueTickLots = 0n;
  let feeMicroUsd = 0n;
  for (let slot = first; slot < events.length; ) {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const head = events.words[w + W_HEAD] as number;
    const isMaker = ((events.words[w + EW_FLAGS] as number) & FLAG_MAKER) !== 0;
    if (typeOf(head) === EVT_FILL && events.words[w + W_ACCOUNT] === account && !isMaker) {
      events.words[w + EW_FLAGS]! |= FLAG_LIQUIDATION;
      const filled = events.floats[f + EF_LOTS] as number;
      lots += filled;
      valueTickLots += BigInt(filled) * BigInt(events.words[w + EW_PRICE] as number);
      feeMicroUsd += BigInt(events.floats[f + EF_FEE] as number);
    }
    slot += slotsOf(head);
  }
  return { lots, valueTickLots, feeMicroUsd };
}
