import type { OrderBook } from '../book/order-book.js';
import { SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, asTimeMs, PPM_ONE, type PriceTicks } from '../units/units.js';
import { impactPrice } from './impact-price.js';
import { type Doubt, GUARD_DIVERGENCE, IndexPrice, type OraclePrice } from './index-price.js';
import type { MarketParams } from './market-params.js';
import { leastValueTickLots } from './order-rules.js';
import { PRICING_OFF, type PricingParams } from './pricing-params.js';
import type { FundingRecord, PricingRules } from './pricing-rules.js';

/** Payments of funding that a market remembers. */
const HISTORY_MAX = 500;
const NEVER = Number.POSITIVE_INFINITY;

/** What a step of time has brought. */
export interface FundingDue {
  ratePpb: number;
  premiumPpb: number;
  nextMs: number;
}

/**
 * Index, mark price and funding rate of a market, on the exchange's time. Three clocks run on their own grids from the first index
 * price on: the mark (markIntervalMs), samples of the premium (premiumIntervalMs), payments (fundingIntervalMs, at whole multiples
 * since 1970, so 8 hours are 00:00, 08:00, 16:00 UTC). What falls due while the exchange is down runs once at the next start; samples
 * that were missed count as zero premium.
 */
export class MarketPricing {
  readonly index: IndexPrice;
  /** 0 until the first index price. */
  markTicks: PriceTicks = asPriceTicks(0);
  readonly history: FundingRecord[] = [];
  private terms: PricingParams = PRICING_OFF;
  /** Moving average of mid − index, thousandths of a tick. */
  private basisMilliTicks = 0;
  private basisTimeMs = 0;
  private premiumSumPpb = 0;
  private nextMarkMs = NEVER;
  private nextSampleMs = NEVER;
  private nextFundingMs = NEVER;
  private readonly rules: PricingRules;
  private readonly book: OrderBook;
  private readonly priceTicksMax: PriceTicks;

  constructor(rules: PricingRules, book: OrderBook, priceTicksMax: PriceTicks) {
    this.rules = rules;
    this.book = book;
    this.priceTicksMax = priceTicksMax;
    this.index = new IndexPrice(rules);
  }

  get params(): PricingParams {
    return this.terms;
  }

  /** A change of the funding interval begins the average of the premium anew. */
  setParams(params: PricingParams, nowMs: number): void {
    if (params.fundingIntervalMs !== this.terms.fundingIntervalMs) this.premiumSumPpb = 0;
    this.terms = params;
    this.startClocks(nowMs);
  }

  get nextTimerMs(): number {
    return Math.min(this.nextMarkMs, this.nextSampleMs, this.nextFundingMs);
  }

  /** What clients see of it. */
  get shown(): { fundingRatePpb: number; nextFundingMs: number; guards: number } {
    return {
      fundingRatePpb: this.history.at(-1)?.ratePpb ?? 0,
      nextFundingMs: this.nextFundingMs === NEVER ? 0 : this.nextFundingMs,
      guards: this.index.guards,
    };
  }

  /** A price of the oracle that is in range and in order. Says what is wrong when it is not used. */
  offer(price: OraclePrice, nowMs: number): Doubt | null {
    const isFirst = this.index.ticks === 0;
    const doubt = this.index.offer(price, nowMs, this.terms);
    if (this.index.ticks === 0) return doubt;
    if (isFirst) {
      this.basisTimeMs = nowMs;
      this.startClocks(nowMs);
    }
    return this.findMark(nowMs) ?? doubt;
  }

  isMarkDue(nowMs: number): boolean {
    return this.nextMarkMs <= nowMs;
  }

  /** The mark's turn, if it is due: looks at the age of the index and at the book. */
  onMarkTime(nowMs: number): Doubt | null {
    if (!this.isMarkDue(nowMs)) return null;
    this.nextMarkMs = after(nowMs, this.terms.markIntervalMs);
    const old = this.index.age(nowMs, this.terms);
    return this.findMark(nowMs) ?? old;
  }

  /** Samples the premium, if that is due. */
  onSampleTime(nowMs: number, params: MarketParams): void {
    if (this.nextSampleMs > nowMs) return;
    this.nextSampleMs = after(nowMs, this.terms.premiumIntervalMs);
    const value = leastValueTickLots(params, this.terms.impactNotionalMicroUsd);
    const bid = impactPrice(this.book, SIDE_BUY, value);
    const ask = impactPrice(this.book, SIDE_SELL, value);
    this.premiumSumPpb += this.rules.premiumPpb(this.index.ticks, bid, ask);
  }

  /** The rate that is to be paid now, null when none is due. */
  onFundingTime(nowMs: number): FundingDue | null {
    if (this.nextFundingMs > nowMs) return null;
    const { fundingIntervalMs, premiumIntervalMs } = this.terms;
    this.nextFundingMs = after(nowMs, fundingIntervalMs);
    const samples = fundingIntervalMs / premiumIntervalMs;
    const premiumPpb = Math.trunc(this.premiumSumPpb / samples) + 0;
    const ratePpb = this.rules.fundingRatePpb(this.premiumSumPpb, samples, this.terms);
    this.premiumSumPpb = 0;
    return { ratePpb, premiumPpb, nextMs: this.nextFundingMs };
  }

  keep(ratePpb: number, nowMs: number): void {
    this.history.push({ timeMs: asTimeMs(nowMs), indexTicks: this.index.ticks, ratePpb });
    if (this.history.length > HISTORY_MAX) this.history.shift();
  }

  writeCanonical(writer: CanonicalWriter): void {
    writer.put(this.markTicks);
    this.index.writeCanonical(writer);
    for (const value of [this.basisMilliTicks, this.basisTimeMs, this.premiumSumPpb]) {
      writer.put(value);
    }
    for (const time of [this.nextMarkMs, this.nextSampleMs, this.nextFundingMs]) {
      writer.put(time === NEVER ? 0 : time);
    }
    writer.put(this.history.length);
    for (const { timeMs, indexTicks, ratePpb } of this.history) {
      for (const value of [timeMs, indexTicks, ratePpb]) writer.put(value);
    }
  }

  /** The parameters stand before this, in the snapshot's list of markets. */
  readCanonical(reader: CanonicalReader, params: PricingParams): void {
    this.terms = params;
    this.markTicks = asPriceTicks(reader.take());
    this.index.readCanonical(reader);
    this.basisMilliTicks = reader.take();
    this.basisTimeMs = reader.take();
    this.premiumSumPpb = reader.take();
    const time = () => reader.take() || NEVER;
    this.nextMarkMs = time();
    this.nextSampleMs = time();
    this.nextFundingMs = time();
    for (let left = reader.take(); left > 0; left--) {
      const timeMs = asTimeMs(reader.take());
      const indexTicks = asPriceTicks(reader.take());
      this.history.push({ timeMs, indexTicks, ratePpb: reader.take() });
    }
  }

  /**
   * The mark may not leave the index by more than divergenceMaxPpm: two of the three prices that it is the median of are the book's,
   * which who trades in it may move. Where it would, it stops at the limit, and a guard stands until it has come back to half of that.
   */
  private findMark(nowMs: number): Doubt | null {
    const index = this.index.ticks;
    if (index === 0) return null;
    const { markIntervalMs, averageMs, divergenceMaxPpm } = this.terms;
    if (markIntervalMs === 0) {
      this.index.guards &= ~GUARD_DIVERGENCE;
      this.markTicks = index;
      return null;
    }
    const bidTicks = this.book.bestBid();
    const askTicks = this.book.bestAsk();
    // Without a mid there is no basis: what was known of it fades.
    const mid = bidTicks !== 0 && askTicks !== 0 ? (bidTicks + askTicks) * 500 : index * 1000;
    const basis = mid - index * 1000;
    const elapsedMs = nowMs - this.basisTimeMs;
    this.basisMilliTicks = this.rules.average(this.basisMilliTicks, basis, elapsedMs, averageMs);
    this.basisTimeMs = nowMs;
    const { basisMilliTicks } = this;
    const lastTicks = this.book.lastPrice();
    const inputs = { indexTicks: index, basisMilliTicks, bidTicks, askTicks, lastTicks };
    const mark = asPriceTicks(Math.min(this.rules.markTicks(inputs), this.priceTicksMax));
    const unbound = divergenceMaxPpm === 0;
    const farthest = unbound ? NEVER : Math.floor((index * divergenceMaxPpm) / PPM_ONE);
    return this.boundMark(mark, farthest);
  }

  private boundMark(mark: PriceTicks, farthest: number): Doubt | null {
    const index = this.index.ticks;
    const distance = Math.abs(mark - index);
    if (distance * 2 <= farthest) this.index.guards &= ~GUARD_DIVERGENCE;
    if (distance <= farthest) {
      this.markTicks = mark;
      return null;
    }
    this.index.guards |= GUARD_DIVERGENCE;
    const bound = mark > index ? index + farthest : index - farthest;
    this.markTicks = asPriceTicks(Math.min(Math.max(1, bound), this.priceTicksMax));
    return { guard: GUARD_DIVERGENCE, value: distance, limit: farthest };
  }

  private startClocks(nowMs: number): void {
    if (this.index.ticks === 0) return;
    const { markIntervalMs, fundingIntervalMs, premiumIntervalMs } = this.terms;
    this.nextMarkMs = markIntervalMs === 0 ? NEVER : after(nowMs, markIntervalMs);
    const isFunded = fundingIntervalMs > 0;
    this.nextSampleMs = isFunded ? after(nowMs, premiumIntervalMs) : NEVER;
    this.nextFundingMs = isFunded ? after(nowMs, fundingIntervalMs) : NEVER;
  }
}

/** The next time on a grid from 1970 on. */
function after(nowMs: number, intervalMs: number): number {
  return (Math.floor(nowMs / intervalMs) + 1) * intervalMs;
}
