import type { Market } from '../markets.js';
import type { FundingRecord, MarketMemories } from './market-memory.js';
import { isWithin, newestOrOldest, type Period } from './past-period.js';
import type { PastRows } from './past-rows.js';

/** Funding rates of this process's memory, and where that begins too late, of the history as well. */
export class PastFundings {
  private readonly memories: MarketMemories;
  private readonly rows: PastRows | null;

  constructor(memories: MarketMemories, rows: PastRows | null) {
    this.memories = memories;
    this.rows = rows;
  }

  /** Oldest first. */
  fundings(market: Market, period: Period): FundingRecord[] | Promise<FundingRecord[]> {
    const { fromMs, limit, newest, toMs } = period;
    const all = this.memories.of(market.id).fundings.toArray();
    const kept = all.filter(({ timeMs }) => isWithin(period, timeMs));
    const beginMs = all[0]?.timeMs ?? Number.POSITIVE_INFINITY;
    const isEnough = fromMs >= beginMs || (newest && kept.length >= limit);
    if (isEnough || this.rows === null) return newestOrOldest(kept, period);
    const { host: shardId, id: marketId } = market;
    const asked = { table: 'fundingRows', shardId, marketId, fromMs, toMs, limit, newest } as const;
    return this.rows.ask(asked).then((past) => {
      const before = (past ?? []).filter(({ timeMs }) => timeMs < beginMs);
      const records = before.map(({ indexTicks, ratePpb, timeMs }) => {
        return { ratePpb, timeMs, priceTicks: indexTicks };
      });
      return newestOrOldest([...records, ...kept], period);
    });
  }
}
