import type { AccountViews } from '../feeds/account-views.js';
import type { Market, Markets } from '../markets.js';

/** Accounts that are looked at for one market and side; of more, every so many-th. */
const SAMPLE_MAX = 10_000;
const KEPT_MS = 10_000;
/** 0 … 4: the last fifth is deleveraged first. */
const BUCKETS = 5;

interface Sample {
  /** In no order. */
  scores: number[];
  atMs: number;
}

/**
 * Where a position stands in the queue of those that would be deleveraged, in fifths. The engine makes the exact queue when it needs
 * one; this is an estimate from a sample of the positions on the same side, which is made anew every ten seconds when it is asked for.
 *
 * Score = profit ratio × effective leverage for winners, ÷ for losers; profit ratio = unrealised profit ÷ entry value, leverage =
 * position's value ÷ equity.
 */
export class AdlQuantiles {
  private readonly markets: Markets;
  private readonly views: AccountViews;
  private readonly samples = new Map<string, Sample>();

  constructor(markets: Markets, views: AccountViews) {
    this.markets = markets;
    this.views = views;
  }

  /** 0 without a position. */
  of(account: number, market: Market, nowMs: number): number {
    const lots = this.views.lotsOf(account, market.id);
    if (lots === 0 || market.markTicks === 0) return 0;
    const { scores } = this.sampleOf(market, Math.sign(lots), nowMs);
    const own = this.score(account, market);
    const below = scores.filter((score) => score < own).length;
    const others = Math.max(1, scores.length - 1);
    return Math.min(BUCKETS - 1, Math.floor((below / others) * BUCKETS));
  }

  private sampleOf(market: Market, side: number, nowMs: number): Sample {
    const key = `${market.id}:${side}`;
    const known = this.samples.get(key);
    if (known !== undefined && nowMs - known.atMs < KEPT_MS) return known;
    const accounts = this.views.accountsIn(market.id);
    const step = Math.max(1, Math.ceil(accounts / SAMPLE_MAX));
    const scores: number[] = [];
    for (let account = 1; account < accounts; account += step) {
      const lots = this.views.lotsOf(account, market.id);
      if (Math.sign(lots) === side) scores.push(this.score(account, market));
    }
    const sample = { scores, atMs: nowMs };
    this.samples.set(key, sample);
    return sample;
  }

  private score(account: number, market: Market): number {
    const entry = this.views.entryValueOf(account, market.id);
    const profit = this.views.lotsOf(account, market.id) * market.markTicks - entry;
    const ratio = entry === 0 ? 0 : profit / Math.abs(entry);
    const value = Math.abs(this.views.lotsOf(account, market.id)) * market.markTicks;
    const leverage = microUsd(market, value) / Math.max(1, this.equity(account, market));
    return ratio > 0 ? ratio * leverage : ratio / leverage;
  }

  /** Behind the position: its own collateral, or the account's with all that stands on it. */
  private equity(account: number, market: Market): number {
    const own = this.views.isolatedOf(account, market.id);
    if (own !== null) return own + this.profit(account, market);
    let equity = this.views.collateralOf(account);
    for (const other of this.markets.all()) {
      if (this.views.isolatedOf(account, other.id) === null) equity += this.profit(account, other);
    }
    return equity;
  }

  private profit(account: number, market: Market): number {
    const value = this.views.lotsOf(account, market.id) * market.markTicks;
    return microUsd(market, value - this.views.entryValueOf(account, market.id));
  }
}

/** An estimate: not exact beyond 2^53. */
function microUsd({ params }: Market, tickLots: number): number {
  return (tickLots * params.microUsdPerTickLotNumerator) / params.microUsdPerTickLotDenominator;
}
