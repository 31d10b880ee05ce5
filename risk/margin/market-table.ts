import type { AccountRows } from '../../engine/book/account-rows.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MarketSummary } from './market-summaries.js';

/** Markets a margin actor can hold at once: one bit each in an account's active set. */
export const MARKETS_MAX = 64;

/** The markets that a margin actor knows, by id and by index. */
export class MarketTable {
  readonly all: MarketSummary[] = [];
  private readonly byId: (MarketSummary | undefined)[] = [];

  find(marketId: number): MarketSummary | null {
    return this.byId[marketId] ?? null;
  }

  /** `rows`: those of the market itself when it lives in the same shard. */
  add(marketId: number, params: MarketParams, rows: AccountRows | undefined): MarketSummary {
    const market = new MarketSummary(marketId, this.all.length, params, rows);
    this.all.push(market);
    this.byId[marketId] = market;
    return market;
  }
}
