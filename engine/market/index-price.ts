import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, asTimeMs, PPM_ONE, type PriceTicks, type TimeMs } from '../units/units.js';
import type { PricingParams } from './pricing-params.js';
import type { PricingRules } from './pricing-rules.js';

/** Why prices of a market are not to be trusted at the moment: bits, as EVT_PRICE_GUARD shows them. */
export const GUARD_AGE = 1;
export const GUARD_CONFIDENCE = 2;
export const GUARD_JUMP = 4;
/** Of the mark against the index (mark-price). */
export const GUARD_DIVERGENCE = 8;

/**
 * Those of the index itself: while one stands, the market's prices are not trusted at all. A mark that diverges is: it is held to
 * within its limit of a good index, and who keeps the book away from it must not keep accounts from being liquidated.
 */
export const INDEX_GUARDS = GUARD_AGE | GUARD_CONFIDENCE | GUARD_JUMP;

/** So many good prices in a row lift the guards of the index; as many that agree make a jump believed. */
export const GOOD_PRICES = 3;

/** A price of the oracle. */
export interface OraclePrice {
  ticks: PriceTicks;
  confidenceTicks: number;
  publishTimeMs: TimeMs;
}

/** What was wrong with a price: the guard that it sets off, what it had, and the limit. */
export interface Doubt {
  guard: number;
  value: number;
  limit: number;
}

/**
 * The index price of a market, and the guards in front of it. A price that is too old, too uncertain, or too far from the moving
 * average is not used: the index stays what it was, and a guard stands until GOOD_PRICES good ones have come in a row. A
 * real jump is believed once GOOD_PRICES prices in a row agree with each other, so that a move of the market takes seconds to come
 * through and a single wrong quote never does. Nothing goes on from a stale price.
 */
export class IndexPrice {
  ticks: PriceTicks = asPriceTicks(0);
  publishTimeMs: TimeMs = asTimeMs(0);
  guards = 0;
  private averageMilliTicks = 0;
  private averageTimeMs = 0;
  /** The last price that was too far away, and how many in a row agree with it. */
  private candidateTicks = 0;
  private agreeing = 0;
  private good = 0;
  private readonly rules: PricingRules;

  constructor(rules: PricingRules) {
    this.rules = rules;
  }

  get isTrusted(): boolean {
    return (this.guards & INDEX_GUARDS) === 0;
  }

  /**
   * Average of the prices that have passed the guards, in whole ticks: what a closed market is settled at. No single price at the end
   * decides what positions are worth.
   */
  get averageTicks(): PriceTicks {
    return asPriceTicks(Math.max(1, Math.round(this.averageMilliTicks / 1000)));
  }

  /** Takes a price, or says what is wrong with it. */
  offer(price: OraclePrice, nowMs: number, params: PricingParams): Doubt | null {
    const doubt = this.doubtOf(price, nowMs, params);
    if (doubt !== null && !(doubt.guard === GUARD_JUMP && this.confirms(price.ticks, params))) {
      this.good = 0;
      this.guards |= doubt.guard;
      return doubt;
    }
    // After a believed jump the average begins anew, or every price behind it would be one more jump.
    const elapsedMs = doubt === null ? nowMs - this.averageTimeMs : params.averageMs;
    const { averageMs } = params;
    const milliTicks = price.ticks * 1000;
    this.averageMilliTicks = this.rules.average(
      this.averageMilliTicks,
      milliTicks,
      elapsedMs,
      averageMs,
    );
    this.averageTimeMs = nowMs;
    this.ticks = price.ticks;
    this.publishTimeMs = price.publishTimeMs;
    this.agreeing = 0;
    this.good++;
    if (this.good >= GOOD_PRICES || doubt !== null) this.guards &= GUARD_DIVERGENCE;
    return null;
  }

  /** Whether the present price has grown too old. */
  age(nowMs: number, params: PricingParams): Doubt | null {
    const ageMs = nowMs - this.publishTimeMs;
    if (params.indexAgeMaxMs === 0 || ageMs <= params.indexAgeMaxMs) return null;
    this.good = 0;
    this.guards |= GUARD_AGE;
    return { guard: GUARD_AGE, value: ageMs, limit: params.indexAgeMaxMs };
  }

  writeCanonical(writer: CanonicalWriter): void {
    for (const value of [this.ticks, this.publishTimeMs, this.guards]) writer.put(value);
    for (const value of [this.averageMilliTicks, this.averageTimeMs]) writer.put(value);
    for (const value of [this.candidateTicks, this.agreeing, this.good]) writer.put(value);
  }

  readCanonical(reader: CanonicalReader): void {
    this.ticks = asPriceTicks(reader.take());
    this.publishTimeMs = asTimeMs(reader.take());
    this.guards = reader.take();
    this.averageMilliTicks = reader.take();
    this.averageTimeMs = reader.take();
    this.candidateTicks = reader.take();
    this.agreeing = reader.take();
    this.good = reader.take();
  }

  private doubtOf(price: OraclePrice, nowMs: number, params: PricingParams): Doubt | null {
    const { ticks, confidenceTicks } = price;
    const ageMs = nowMs - price.publishTimeMs;
    if (params.indexAgeMaxMs > 0 && ageMs > params.indexAgeMaxMs) {
      return { guard: GUARD_AGE, value: ageMs, limit: params.indexAgeMaxMs };
    }
    const widest = Math.floor((ticks * params.confidenceMaxPpm) / PPM_ONE);
    if (params.confidenceMaxPpm > 0 && confidenceTicks > widest) {
      return { guard: GUARD_CONFIDENCE, value: confidenceTicks, limit: widest };
    }
    if (params.jumpMaxPpm === 0 || this.ticks === 0) return null;
    const average = Math.floor(this.averageMilliTicks / 1000);
    const farthest = Math.floor((average * params.jumpMaxPpm) / PPM_ONE);
    const distance = Math.abs(ticks - average);
    return distance > farthest ? { guard: GUARD_JUMP, value: distance, limit: farthest } : null;
  }

  /** Whether the price is the last of enough that lie together where the market would have jumped to. */
  private confirms(ticks: PriceTicks, params: PricingParams): boolean {
    const near = Math.floor((this.candidateTicks * params.jumpMaxPpm) / PPM_ONE);
    const agrees = this.agreeing > 0 && Math.abs(ticks - this.candidateTicks) <= near;
    this.agreeing = agrees ? this.agreeing + 1 : 1;
    this.candidateTicks = ticks;
    return this.agreeing >= GOOD_PRICES;
  }
}
