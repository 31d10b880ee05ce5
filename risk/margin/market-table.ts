import type { MarketActor } from '../../engine/market/market-actor.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MarketSummary } from './market-summaries.js';
import type { RiskKernel } from './risk-kernel.js';

/** The markets that a margin actor knows, by id and by index. */
export class MarketTable {
  readonly all: MarketSummary[] = [];
  private readonly kernel: RiskKernel;
  private readonly byId: (MarketSummary | undefined)[] = [];

  constructor(kernel: RiskKernel) {
    this.kernel = kernel;
  }

  find(marketId: number): MarketSummary | null {
    return this.byId[marketId] ?? null;
  }

  /** `local`: the market's actor when it lives in the same shard. */
  add(marketId: number, params: MarketParams, local?: MarketActor): MarketSummary {
    const market = new MarketSummary(this.kernel, marketId, this.all.length, params, local);
    this.all.push(market);
    this.byId[marketId] = market;
    return market;
  }
}
