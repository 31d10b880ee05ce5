import {
  EF_LOTS,
  EF_OPEN_INTEREST,
  EF_ORDER_ID,
  EF_RATE_PPB,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EW_FLAGS,
  EW_PRICE,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_FILL,
  EVT_FUNDING_RATE,
  EVT_MARK_PRICE,
  FLAG_LIQUIDATION,
  FLAG_MAKER,
  FLAG_SIDE,
  SIDE_BUY,
} from '../../engine/messages/types.js';
import { type Candle, CandleMemory, type Interval, intervalOf, merge } from './candles.js';
import { Ring } from './ring.js';

/** What is remembered of each market since this process began. */
export const TRADES_MAX = 1_000;
export const FUNDINGS_MAX = 1_000;
const DAY_MS = 86_400_000;
const MINUTE = intervalOf('1m') as Interval;

export interface TradeRecord {
  tradeId: number;
  priceTicks: number;
  lots: number;
  /** The maker was the buyer. */
  makerBuys: boolean;
  timeMs: number;
}

/** What one command has traded of one taker's order at one price, which stands for one trade. */
export interface AggregateTrade extends TradeRecord {
  /** That of its first trade, which grows and is never used again. */
  aggregateId: number;
  lastTradeId: number;
}

interface GrowingTrade {
  readonly trade: AggregateTrade;
  readonly takerOrderId: number;
  readonly sequence: number;
}

export interface FundingRecord {
  ratePpb: number;
  timeMs: number;
  /** The index, which it was paid on. */
  priceTicks: number;
}

/** A fill of an order that liquidates. */
export interface ForcedOrder {
  side: number;
  priceTicks: number;
  lots: number;
  timeMs: number;
}

export interface MarketMemory {
  readonly trades: Ring<TradeRecord>;
  readonly aggregates: Ring<AggregateTrade>;
  readonly fundings: Ring<FundingRecord>;
  openInterestLots: number;
  /** When the latest mark price came, with which open interest comes. */
  timeMs: number;
}

/** As plain data. */
export interface MarketMemoryRows {
  markets: {
    marketId: number;
    trades: TradeRecord[];
    aggregates: AggregateTrade[];
    fundings: FundingRecord[];
    openInterestLots: number;
    timeMs: number;
  }[];
  candles: [number, Candle[][]][];
}

/** Hears what streams carry as it happens. */
export interface MarketListener {
  traded(marketId: number, trade: TradeRecord): void;
  aggregated(marketId: number, trade: AggregateTrade): void;
  forced(marketId: number, order: ForcedOrder): void;
}

/** Trades, candles, funding and open interest of all markets, from their hosts' events. */
export class MarketMemories {
  readonly candles = new CandleMemory();
  /** By number of the market. */
  private readonly byMarket: (MarketMemory | undefined)[] = [];
  private readonly listener: MarketListener;
  /** Trades that may go on with the next one. */
  private readonly growing = new Map<number, GrowingTrade>();

  constructor(listener: MarketListener) {
    this.listener = listener;
  }

  of(marketId: number): MarketMemory {
    let memory = this.byMarket[marketId];
    if (memory === undefined) {
      memory = {
        trades: new Ring(TRADES_MAX),
        aggregates: new Ring(TRADES_MAX),
        fundings: new Ring(FUNDINGS_MAX),
        openInterestLots: 0,
        timeMs: 0,
      };
      this.byMarket[marketId] = memory;
    }
    return memory;
  }

  /** What is remembered, for another thread; right after the end of a tick. */
  memory(): MarketMemoryRows {
    const markets = this.byMarket.flatMap((memory, marketId) => {
      if (memory === undefined) return [];
      const { openInterestLots, timeMs } = memory;
      const trades = memory.trades.toArray();
      const aggregates = memory.aggregates.toArray();
      const fundings = memory.fundings.toArray();
      return { marketId, trades, aggregates, fundings, openInterestLots, timeMs };
    });
    return { markets, candles: this.candles.memory() };
  }

  restore({ markets, candles }: MarketMemoryRows): void {
    this.candles.restore(candles);
    for (const { marketId, trades, aggregates, fundings, openInterestLots, timeMs } of markets) {
      const memory = this.of(marketId);
      memory.trades.restore(trades);
      memory.aggregates.restore(aggregates);
      memory.fundings.restore(fundings);
      memory.openInterestLots = openInterestLots;
      memory.timeMs = timeMs;
    }
  }

  apply(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const type = typeOf(head);
    // Nearly all events are of orders that do not trade.
    if (type !== EVT_FILL && type !== EVT_MARK_PRICE && type !== EVT_FUNDING_RATE) return;
    const marketId = marketOf(head);
    const memory = this.of(marketId);
    switch (type) {
      case EVT_FILL:
        if (((words[at + EW_FLAGS] as number) & FLAG_MAKER) === 0) {
          this.traded(memory, marketId, words, floats, at, timeMs);
        }
        break;
      case EVT_FUNDING_RATE:
        memory.fundings.push({
          ratePpb: floats[f + EF_RATE_PPB] as number,
          timeMs,
          priceTicks: words[at + EW_PRICE] as number,
        });
        break;
      case EVT_MARK_PRICE:
        memory.openInterestLots = floats[f + EF_OPEN_INTEREST] as number;
        memory.timeMs = timeMs;
        break;
    }
  }

  /** Everything of a tick has come: trades of one order come together. */
  endTick(): void {
    for (const [marketId, { trade }] of this.growing) this.listener.aggregated(marketId, trade);
    this.growing.clear();
  }

  /** One candle of the last 24 hours, null without a trade in them. */
  day(marketId: number, nowMs: number): Candle | null {
    const from = nowMs - DAY_MS;
    const minutes = this.candles.candles(marketId, MINUTE, from, nowMs, Number.MAX_SAFE_INTEGER);
    const [first, ...others] = minutes;
    if (first === undefined) return null;
    const day = { ...first };
    for (const minute of others) merge(day, minute);
    return day;
  }

  private traded(
    memory: MarketMemory,
    marketId: number,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const flags = words[at + EW_FLAGS] as number;
    const takerBuys = (flags & FLAG_SIDE) === SIDE_BUY;
    const trade: TradeRecord = {
      tradeId: floats[f + EF_TRADE_SEQUENCE] as number,
      priceTicks: words[at + EW_PRICE] as number,
      lots: floats[f + EF_LOTS] as number,
      makerBuys: !takerBuys,
      timeMs,
    };
    memory.trades.push(trade);
    const { lots, priceTicks, tradeId } = trade;
    this.candles.add(marketId, tradeId, priceTicks, lots, takerBuys, timeMs);
    const sequence = floats[f + EF_SEQUENCE] as number;
    this.aggregate(memory, marketId, trade, floats[f + EF_ORDER_ID] as number, sequence);
    this.listener.traded(marketId, trade);
    if ((flags & FLAG_LIQUIDATION) !== 0) {
      this.listener.forced(marketId, { side: flags & FLAG_SIDE, priceTicks, lots, timeMs });
    }
  }

  private aggregate(
    memory: MarketMemory,
    marketId: number,
    trade: TradeRecord,
    takerOrderId: number,
    sequence: number,
  ): void {
    const open = this.growing.get(marketId);
    const isOfOneOrder = open?.takerOrderId === takerOrderId && open.sequence === sequence;
    if (isOfOneOrder && open.trade.priceTicks === trade.priceTicks) {
      open.trade.lots += trade.lots;
      open.trade.lastTradeId = trade.tradeId;
      return;
    }
    if (open !== undefined) this.listener.aggregated(marketId, open.trade);
    const { lots, makerBuys, priceTicks, timeMs, tradeId } = trade;
    // Field by field: a spread costs more than all else that is done for a trade here.
    const fresh: AggregateTrade = {
      tradeId,
      priceTicks,
      lots,
      makerBuys,
      timeMs,
      aggregateId: tradeId,
      lastTradeId: tradeId,
    };
    memory.aggregates.push(fresh);
    this.growing.set(marketId, { trade: fresh, takerOrderId, sequence });
  }
}
