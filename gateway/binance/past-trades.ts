import { SIDE_BUY } from '../../engine/messages/types.js';
import type { Market } from '../markets.js';
import type { MarketMemories, TradeRecord } from './market-memory.js';
import type { PastRows } from './past-rows.js';

/** Trades of this process's memory, and where that begins too late, of the history as well. */
export class PastTrades {
  private readonly memories: MarketMemories;
  private readonly rows: PastRows | null;

  constructor(memories: MarketMemories, rows: PastRows | null) {
    this.memories = memories;
    this.rows = rows;
  }

  /** At most so many, oldest first: from a number on, or the newest. */
  trades(
    market: Market,
    fromId: number | null,
    limit: number,
  ): TradeRecord[] | Promise<TradeRecord[]> {
    const kept = this.memories.of(market.id).trades.toArray();
    const begin = kept[0]?.tradeId ?? Number.POSITIVE_INFINITY;
    const isEnough = begin === 1 || (fromId === null ? kept.length >= limit : fromId >= begin);
    if (isEnough || this.rows === null) return cut(kept, fromId, limit);
    return this.past(this.rows, market, fromId, limit).then((past) => {
      if (past === null) return cut(kept, fromId, limit);
      const before = past.filter(({ tradeId }) => tradeId < begin);
      return cut([...before, ...kept], fromId, limit);
    });
  }

  private async past(
    history: PastRows,
    { host: shardId, id: marketId }: Market,
    fromId: number | null,
    limit: number,
  ): Promise<TradeRecord[] | null> {
    const rows = await history.ask({ table: 'tradeRows', shardId, marketId, fromId, limit });
    if (rows === null) return null;
    return rows.map(({ priceTicks, qtyLots, takerSide, timeMs, tradeId }) => {
      return { tradeId, priceTicks, lots: qtyLots, makerBuys: takerSide !== SIDE_BUY, timeMs };
    });
  }
}

function cut(trades: TradeRecord[], fromId: number | null, limit: number): TradeRecord[] {
  if (fromId === null) return trades.slice(-limit);
  return trades.filter(({ tradeId }) => tradeId >= fromId).slice(0, limit);
}
