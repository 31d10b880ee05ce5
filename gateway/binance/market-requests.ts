import { type Market, priceText, qtyText } from '../markets.js';
import { intervalOf } from './candles.js';
import { type Depths, snapshotIdOf } from './depth.js';
import { BinanceError, ERRORS } from './errors.js';
import type { FundingRecord, MarketMemories } from './market-memory.js';
import {
  aggregateObject,
  dayFields,
  klineRow,
  symbolObject,
  tradeObject,
} from './market-objects.js';
import { markText, rateText } from './numbers.js';
import type { Parameters } from './parameters.js';
import type { PastAggregates } from './past-aggregates.js';
import type { PastCandles } from './past-candles.js';
import type { PastFundings } from './past-fundings.js';
import { newestOrOldest } from './past-period.js';
import type { PastTrades } from './past-trades.js';
import { MARGIN_ASSET, type Symbols, symbolOf } from './symbols.js';

/** What every account may do in a time, as exchangeInfo tells it. */
export interface PublishedLimits {
  requestsPerMinute: number;
  ordersPerMinute: number;
}

export interface MarketRequestContext {
  readonly symbols: Symbols;
  readonly memories: MarketMemories;
  readonly depths: Depths;
  readonly candles: PastCandles;
  readonly trades: PastTrades;
  readonly aggregates: PastAggregates;
  readonly fundings: PastFundings;
  readonly limits: PublishedLimits;
  readonly exchangeTimeMs: () => number;
}

const DEPTHS = [5, 10, 20, 50, 100, 500, 1000];

/** Requests that anybody may make. */
export class MarketRequests {
  private readonly context: MarketRequestContext;

  constructor(context: MarketRequestContext) {
    this.context = context;
  }

  ping = () => ({});
  time = () => ({ serverTime: this.context.exchangeTimeMs() });

  exchangeInfo = () => {
    const { exchangeTimeMs, limits, symbols } = this.context;
    const limit = (rateLimitType: string, most: number) => {
      return { rateLimitType, interval: 'MINUTE', intervalNum: 1, limit: most };
    };
    return {
      timezone: 'UTC',
      serverTime: exchangeTimeMs(),
      futuresType: 'U_MARGINED',
      rateLimits: [
        limit('REQUEST_WEIGHT', limits.requestsPerMinute),
        limit('ORDERS', limits.ordersPerMinute),
      ],
      exchangeFilters: [],
      assets: [{ asset: MARGIN_ASSET, marginAvailable: true, autoAssetExchange: '0' }],
      symbols: symbols.all().map(symbolObject),
    };
  };

  depth = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const limit = parameters.integer('limit', 1) ?? 500;
    if (!DEPTHS.includes(limit))
      throw new BinanceError(-4021, `${limit} is not valid depth limit.`);
    const { depths } = this.context;
    const timeMs = depths.timeOf(market.id);
    return {
      lastUpdateId: snapshotIdOf(depths.sequenceOf(market.id)),
      E: this.context.exchangeTimeMs(),
      T: timeMs,
      ...depths.levels(market, limit),
    };
  };

  trades = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    return this.tradeObjects(market, null, parameters.limit(500, 1_000));
  };

  historicalTrades = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const fromId = parameters.integer('fromId', 0) ?? null;
    return this.tradeObjects(market, fromId, parameters.limit(500, 1_000));
  };

  aggregateTrades = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const { endTime, startTime } = parameters.period();
    const fromId = parameters.integer('fromId', 0);
    const found = this.context.aggregates.aggregates(market, fromId ?? 0, {
      fromMs: startTime ?? 0,
      toMs: endTime ?? Number.MAX_SAFE_INTEGER,
      limit: parameters.limit(500, 1_000),
      newest: fromId === undefined && startTime === undefined,
    });
    return then(found, (trades) => trades.map((trade) => aggregateObject(trade, market)));
  };

  klines = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const interval = intervalOf(parameters.must('interval'));
    if (interval === undefined) throw ERRORS.badInterval();
    const { endTime, startTime } = parameters.period();
    const limit = parameters.limit(500, 1_500);
    const found = this.context.candles.candles({
      market,
      interval,
      fromMs: startTime ?? 0,
      toMs: endTime ?? this.context.exchangeTimeMs(),
      limit,
      newest: startTime === undefined,
    });
    return then(found, (candles) => candles.map((candle) => klineRow(candle, interval, market)));
  };

  premiumIndex = (parameters: Parameters) => {
    return this.oneOrAll(parameters, (market) => this.premiumObject(market));
  };

  fundingRate = (parameters: Parameters) => {
    const { endTime, startTime } = parameters.period();
    const period = {
      fromMs: startTime ?? 0,
      toMs: endTime ?? Number.MAX_SAFE_INTEGER,
      limit: parameters.limit(100, 1_000),
      newest: startTime === undefined,
    };
    const markets = this.context.symbols.oneOrAll(parameters);
    const found = markets.map((market) => {
      const fundings = this.context.fundings.fundings(market, period);
      return then(fundings, (some) => some.map((funding) => fundingObject(funding, market)));
    });
    return then(allOf(found), (lists) => {
      const sorted = lists.flat().sort((a, b) => a.fundingTime - b.fundingTime);
      return newestOrOldest(sorted, period);
    });
  };

  dayTicker = (parameters: Parameters) => {
    return this.oneOrAll(parameters, (market) => this.dayObject(market));
  };

  priceTicker = (parameters: Parameters) => {
    return this.oneOrAll(parameters, (market) => {
      const { trades } = this.context.memories.of(market.id);
      const last = trades.at(-1);
      return {
        symbol: symbolOf(market),
        price: priceText(market, last?.priceTicks ?? 0),
        time: last?.timeMs ?? 0,
      };
    });
  };

  bookTicker = (parameters: Parameters) => {
    return this.oneOrAll(parameters, (market) => {
      const { ask, askLots, bid, bidLots } = this.context.depths.best(market.id);
      return {
        symbol: symbolOf(market),
        bidPrice: priceText(market, bid),
        bidQty: qtyText(market, bidLots),
        askPrice: priceText(market, ask),
        askQty: qtyText(market, askLots),
        time: this.context.depths.timeOf(market.id),
        lastUpdateId: snapshotIdOf(this.context.depths.sequenceOf(market.id)),
      };
    });
  };

  openInterest = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const { openInterestLots, timeMs } = this.context.memories.of(market.id);
    const openInterest = qtyText(market, openInterestLots);
    return { openInterest, symbol: symbolOf(market), time: timeMs };
  };

  private tradeObjects(market: Market, fromId: number | null, limit: number) {
    const found = this.context.trades.trades(market, fromId, limit);
    return then(found, (trades) => trades.map((trade) => tradeObject(trade, market)));
  }

  private oneOrAll<T>(parameters: Parameters, of: (market: Market) => T): T | T[] {
    const markets = this.context.symbols.oneOrAll(parameters).map(of);
    return parameters.has('symbol') ? (markets[0] as T) : markets;
  }

  private premiumObject(market: Market) {
    return {
      symbol: symbolOf(market),
      markPrice: markText(market, market.markTicks),
      indexPrice: markText(market, market.indexTicks),
      estimatedSettlePrice: markText(market, market.indexTicks),
      lastFundingRate: rateText(market.fundingRatePpb),
      nextFundingTime: market.nextFundingMs,
      time: this.context.exchangeTimeMs(),
    };
  }

  private dayObject(market: Market) {
    const now = this.context.exchangeTimeMs();
    const last = this.context.memories.of(market.id).trades.at(-1);
    const day = this.context.memories.day(market.id, now);
    return { ...dayFields(day, market, now), lastQty: qtyText(market, last?.lots ?? 0) };
  }
}

function fundingObject({ priceTicks, ratePpb, timeMs }: FundingRecord, market: Market) {
  return {
    symbol: symbolOf(market),
    fundingRate: rateText(ratePpb),
    fundingTime: timeMs,
    markPrice: markText(market, priceTicks),
  };
}

function allOf<Item>(found: (Item | Promise<Item>)[]): Item[] | Promise<Item[]> {
  return found.some((one) => one instanceof Promise) ? Promise.all(found) : (found as Item[]);
}

/** What is here already is answered at once. */
function then<From, To>(found: From | Promise<From>, make: (found: From) => To): To | Promise<To> {
  return found instanceof Promise ? found.then(make) : make(found);
}
