import { SIDE_BUY } from '../../engine/messages/types.js';
import { candleStart, INTERVALS_MS } from './intervals.js';
import type { CandleRow, TradeRow } from './rows.js';

/** The newest candle of a market and interval that is already in the database; undefined: none. */
export type FindLastCandle = (marketId: number, intervalMs: number) => CandleRow | undefined;

/**
 * Folds trades into candles of all intervals at once. Times of trades never go back, so of each market and interval only the newest
 * candle changes; a period without trades has none.
 */
export class CandleFold {
  /** Candles that changed since `takeChanged`. */
  private changed = new Set<CandleRow>();
  private readonly newest = new Map<number, (CandleRow | undefined)[]>();
  private readonly findLast: FindLastCandle;

  constructor(findLast: FindLastCandle) {
    this.findLast = findLast;
  }

  add(trade: TradeRow): void {
    const { marketId } = trade;
    let newest = this.newest.get(marketId);
    if (newest === undefined) {
      newest = INTERVALS_MS.map((intervalMs) => this.findLast(marketId, intervalMs));
      this.newest.set(marketId, newest);
    }
    const lots = BigInt(trade.qtyLots);
    const value = lots * BigInt(trade.priceTicks);
    for (let i = 0; i < INTERVALS_MS.length; i++) {
      const intervalMs = INTERVALS_MS[i] as number;
      const startMs = candleStart(trade.timeMs, intervalMs);
      let candle = newest[i];
      if (candle === undefined || candle.startMs !== startMs) {
        candle = emptyCandle(trade, intervalMs, startMs);
        newest[i] = candle;
      }
      candle.highTicks = Math.max(candle.highTicks, trade.priceTicks);
      candle.lowTicks = Math.min(candle.lowTicks, trade.priceTicks);
      candle.closeTicks = trade.priceTicks;
      candle.volumeLots += lots;
      candle.valueTickLots += value;
      candle.trades++;
      candle.lastTradeId = trade.tradeId;
      if (trade.takerSide === SIDE_BUY) {
        candle.takerBuyLots += lots;
        candle.takerBuyTickLots += value;
      }
      this.changed.add(candle);
    }
  }

  /** Each candle once, however many trades have changed it. */
  takeChanged(): CandleRow[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }
}

function emptyCandle(trade: TradeRow, intervalMs: number, startMs: number): CandleRow {
  const { marketId, priceTicks, tradeId } = trade;
  return {
    marketId,
    intervalMs,
    startMs,
    openTicks: priceTicks,
    highTicks: priceTicks,
    lowTicks: priceTicks,
    closeTicks: priceTicks,
    volumeLots: 0n,
    valueTickLots: 0n,
    trades: 0,
    lastTradeId: tradeId,
    takerBuyLots: 0n,
    takerBuyTickLots: 0n,
  };
}
