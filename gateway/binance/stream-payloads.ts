import { type Market, priceText, qtyText } from '../markets.js';
import { type Candle, closeTimeOf, type Interval } from './candles.js';
import { type Depths, type DepthUpdate, eventIdOf } from './depth.js';
import type { AggregateTrade, ForcedOrder, TradeRecord } from './market-memory.js';
import { dayFields } from './market-objects.js';
import { averageText, markText, rateText, valueText } from './numbers.js';
import { SIDES } from './order-record.js';
import { symbolOf } from './symbols.js';

/** `nowMs`: the event's own time, E. */
export function tradePayload(market: Market, trade: TradeRecord, nowMs: number) {
  return {
    e: 'trade',
    E: nowMs,
    T: trade.timeMs,
    s: symbolOf(market),
    t: trade.tradeId,
    p: priceText(market, trade.priceTicks),
    q: qtyText(market, trade.lots),
    X: 'MARKET',
    m: trade.makerBuys,
  };
}

export function aggregatePayload(market: Market, trade: AggregateTrade, nowMs: number) {
  return {
    e: 'aggTrade',
    E: nowMs,
    s: symbolOf(market),
    a: trade.aggregateId,
    p: priceText(market, trade.priceTicks),
    q: qtyText(market, trade.lots),
    f: trade.tradeId,
    l: trade.lastTradeId,
    T: trade.timeMs,
    m: trade.makerBuys,
  };
}

export function depthPayload(market: Market, update: DepthUpdate, nowMs: number) {
  return {
    e: 'depthUpdate',
    E: nowMs,
    T: update.timeMs,
    s: symbolOf(market),
    U: update.firstId,
    u: update.lastId,
    pu: update.previousId,
    b: update.bids,
    a: update.asks,
  };
}

/** The best levels themselves; they replace what the client had. */
export function partialDepth(market: Market, depths: Depths, levels: number, previous: number) {
  const { asks, bids } = depths.levels(market, levels);
  const previousId = eventIdOf(previous);
  return {
    firstId: previousId + 1,
    lastId: eventIdOf(depths.sequenceOf(market.id)),
    previousId,
    timeMs: depths.timeOf(market.id),
    bids,
    asks,
  };
}

export function bookTickerPayload(market: Market, depths: Depths, nowMs: number) {
  const { ask, askLots, bid, bidLots } = depths.best(market.id);
  return {
    e: 'bookTicker',
    u: eventIdOf(depths.sequenceOf(market.id)),
    E: nowMs,
    T: depths.timeOf(market.id),
    s: symbolOf(market),
    b: priceText(market, bid),
    B: qtyText(market, bidLots),
    a: priceText(market, ask),
    A: qtyText(market, askLots),
  };
}

export function tickerPayload(market: Market, day: Candle | null, lastLots: number, nowMs: number) {
  const fields = dayFields(day, market, nowMs);
  return {
    e: '24hrTicker',
    E: nowMs,
    s: fields.symbol,
    p: fields.priceChange,
    P: fields.priceChangePercent,
    w: fields.weightedAvgPrice,
    c: fields.lastPrice,
    Q: qtyText(market, lastLots),
    o: fields.openPrice,
    h: fields.highPrice,
    l: fields.lowPrice,
    v: fields.volume,
    q: fields.quoteVolume,
    O: fields.openTime,
    C: fields.closeTime,
    F: fields.firstId,
    L: fields.lastId,
    n: fields.count,
  };
}

export function miniTickerPayload(market: Market, day: Candle | null, nowMs: number) {
  const fields = dayFields(day, market, nowMs);
  return {
    e: '24hrMiniTicker',
    E: nowMs,
    s: fields.symbol,
    c: fields.lastPrice,
    o: fields.openPrice,
    h: fields.highPrice,
    l: fields.lowPrice,
    v: fields.volume,
    q: fields.quoteVolume,
  };
}

export function klinePayload(market: Market, interval: Interval, candle: Candle, nowMs: number) {
  const closeMs = closeTimeOf(interval, candle.openMs);
  return {
    e: 'kline',
    E: nowMs,
    s: symbolOf(market),
    k: {
      t: candle.openMs,
      T: closeMs,
      s: symbolOf(market),
      i: interval.name,
      f: candle.firstTradeId,
      L: candle.lastTradeId,
      o: priceText(market, candle.open),
      c: priceText(market, candle.close),
      h: priceText(market, candle.high),
      l: priceText(market, candle.low),
      v: qtyText(market, candle.lots),
      n: candle.trades,
      x: nowMs > closeMs,
      q: valueText(market, candle.tickLots),
      V: qtyText(market, candle.takerBuyLots),
      Q: valueText(market, candle.takerBuyTickLots),
      B: '0',
    },
  };
}

export function markPayload(market: Market, nowMs: number) {
  return {
    e: 'markPriceUpdate',
    E: nowMs,
    s: symbolOf(market),
    p: markText(market, market.markTicks),
    i: markText(market, market.indexTicks),
    P: markText(market, market.indexTicks),
    r: rateText(market.fundingRatePpb),
    T: market.nextFundingMs,
  };
}

export function forcePayload(market: Market, order: ForcedOrder, nowMs: number) {
  const price = priceText(market, order.priceTicks);
  const qty = qtyText(market, order.lots);
  return {
    e: 'forceOrder',
    E: nowMs,
    o: {
      s: symbolOf(market),
      S: SIDES[order.side],
      o: 'LIMIT',
      f: 'IOC',
      q: qty,
      p: price,
      ap: averageText(market, order.priceTicks, 1),
      X: 'FILLED',
      l: qty,
      z: qty,
      T: order.timeMs,
    },
  };
}
