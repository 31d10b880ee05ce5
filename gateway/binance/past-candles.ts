import { INTERVALS_MS } from '../history/intervals.js';
import type { CandleRow } from '../history/rows.js';
import type { Market } from '../markets.js';
import {
  type Candle,
  type CandleMemory,
  closeTimeOf,
  type Interval,
  mergedTo,
  openTimeOf,
} from './candles.js';
import { newestOrOldest, type Period } from './past-period.js';
import type { PastRows } from './past-rows.js';

/** By their begins. */
export interface CandlesWanted extends Period {
  market: Market;
  interval: Interval;
}

/** Candles of this process's memory, and where that begins too late, of the history as well. */
export class PastCandles {
  private readonly memory: CandleMemory;
  private readonly rows: PastRows | null;

  constructor(memory: CandleMemory, rows: PastRows | null) {
    this.memory = memory;
    this.rows = rows;
  }

  /** Oldest first, intervals without a trade left out. */
  candles(wanted: CandlesWanted): Candle[] | Promise<Candle[]> {
    const { fromMs, interval, limit, market, newest, toMs } = wanted;
    const most = Number.MAX_SAFE_INTEGER;
    const kept = this.memory.candles(market.id, interval, fromMs, toMs, most);
    if (this.rows === null) return newestOrOldest(kept, wanted);
    const wholeFromMs = this.memory.wholeFromMs(market.id, interval);
    const whole = kept.filter(({ openMs }) => openMs >= wholeFromMs);
    const isEnough = fromMs >= wholeFromMs || (newest && whole.length >= limit);
    if (isEnough) return newestOrOldest(whole, wanted);
    return this.past(wanted, this.rows).then((past) => {
      if (past === null) return newestOrOldest(kept, wanted);
      const before = past.filter(({ openMs }) => openMs < wholeFromMs);
      return newestOrOldest([...before, ...whole], wanted);
    });
  }

  /** Of the history alone. Its newest candle lacks what was traded in the last moments. */
  private async past(wanted: CandlesWanted, history: PastRows): Promise<Candle[] | null> {
    const { fromMs, interval, limit, market, newest, toMs } = wanted;
    const intervalMs = INTERVALS_MS.findLast((ms) => interval.ms % ms === 0) as number;
    const rows = await history.ask({
      table: 'candleRows',
      shardId: market.host,
      marketId: market.id,
      intervalMs,
      fromMs,
      toMs: closeTimeOf(interval, openTimeOf(interval, toMs)),
      // One more: the first may be cut in the middle.
      limit: (limit + 1) * (interval.ms / intervalMs),
      newest,
    });
    return rows && mergedTo(interval, rows.map(candleOf), fromMs, toMs);
  }
}

function candleOf(row: CandleRow): Candle {
  return {
    openMs: row.startMs,
    open: row.openTicks,
    high: row.highTicks,
    low: row.lowTicks,
    close: row.closeTicks,
    lots: Number(row.volumeLots),
    tickLots: Number(row.valueTickLots),
    trades: row.trades,
    takerBuyLots: Number(row.takerBuyLots),
    takerBuyTickLots: Number(row.takerBuyTickLots),
    firstTradeId: row.lastTradeId - row.trades + 1,
    lastTradeId: row.lastTradeId,
  };
}
