import { SIDE_BUY } from '../../engine/messages/types.js';
import type { OrderTrade } from '../history/market-rows.js';
import type { Market } from '../markets.js';
import type { AggregateTrade, MarketMemories } from './market-memory.js';
import { isWithin, newestOrOldest, type Period } from './past-period.js';
import type { PastRows } from './past-rows.js';

/** Aggregate trades of this process's memory, and where that begins too late, of the history as well. */
export class PastAggregates {
  private readonly memories: MarketMemories;
  private readonly rows: PastRows | null;

  constructor(memories: MarketMemories, rows: PastRows | null) {
    this.memories = memories;
    this.rows = rows;
  }

  /** Oldest first; from a number on. */
  aggregates(
    market: Market,
    fromId: number,
    period: Period,
  ): AggregateTrade[] | Promise<AggregateTrade[]> {
    const { fromMs, limit, newest, toMs } = period;
    const all = this.memories.of(market.id).aggregates.toArray();
    const kept = all.filter(({ aggregateId, timeMs }) => {
      return aggregateId >= fromId && isWithin(period, timeMs);
    });
    const [first] = all;
    const begin = first?.aggregateId ?? Number.POSITIVE_INFINITY;
    // What is of the same millisecond may have been before it.
    const isInMemory = fromId >= begin || begin === 1 || fromMs > (first?.timeMs ?? fromMs);
    if (isInMemory || (newest && kept.length >= limit) || this.rows === null)
      return newestOrOldest(kept, period);
    const of = { table: 'orderTrades', shardId: market.host, marketId: market.id } as const;
    return this.rows.ask({ ...of, fromId, fromMs, toMs, limit, newest }).then((past) => {
      const before = (past ?? []).filter(({ tradeId }) => tradeId < begin);
      return newestOrOldest([...before.map(aggregateOf), ...kept], period);
    });
  }
}

function aggregateOf(trade: OrderTrade): AggregateTrade {
  const { lastTradeId, priceTicks, qtyLots, takerSide, timeMs, tradeId } = trade;
  return {
    tradeId,
    priceTicks,
    lots: qtyLots,
    makerBuys: takerSide !== SIDE_BUY,
    timeMs,
    aggregateId: tradeId,
    lastTradeId,
  };
}
