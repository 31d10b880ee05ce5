import { PPM_ONE } from '../../engine/units/units.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MARKET_STATES } from '../protocol/names.js';
import {
  type Candle,
  type CandleSource,
  closeTimeOf,
  type Interval,
  intervalOf,
  openTimeOf,
} from './candles.js';
import { type Depths, snapshotIdOf } from './depth.js';
import { BinanceError, ERRORS } from './errors.js';
import type { AggregateTrade, MarketMemories, TradeRecord } from './market-memory.js';
import { averageText, markText, rateText, valueText } from './numbers.js';
import { pricePrecisionOf } from './order-parameters.js';
import type { Parameters } from './parameters.js';
import { baseAssetOf, MARGIN_ASSET, type Symbols, symbolOf } from './symbols.js';

/** What every account may do in a time, as exchangeInfo tells it. */
export interface PublishedLimits {
  requestsPerMinute: number;
  ordersPerMinute: number;
}

export interface MarketRequestContext {
  readonly symbols: Symbols;
  readonly memories: MarketMemories;
  readonly depths: Depths;
  readonly candles: CandleSource;
  readonly limits: PublishedLimits;
  readonly exchangeTimeMs: () => number;
}

const DEPTHS = [5, 10, 20, 50, 100, 500, 1000];
const DAY_MS = 86_400_000;
/** Listed before anybody asked: the dialect has no earlier date. */
const ONBOARD_DATE = 1_767_225_600_000;
const NEVER = 4_133_404_800_000;
const ORDER_TYPES = [
  'LIMIT',
  'MARKET',
  'STOP',
  'STOP_MARKET',
  'TAKE_PROFIT',
  'TAKE_PROFIT_MARKET',
  'TRAILING_STOP_MARKET',
];

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
    const { trades } = this.context.memories.of(market.id);
    const some = trades.toArray().slice(-parameters.limit(500, 1_000));
    return some.map((trade) => tradeObject(trade, market));
  };

  historicalTrades = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const fromId = parameters.integer('fromId', 0);
    const limit = parameters.limit(500, 1_000);
    const all = this.context.memories.of(market.id).trades.toArray();
    const some =
      fromId === undefined
        ? all.slice(-limit)
        : all.filter(({ tradeId }) => tradeId >= fromId).slice(0, limit);
    return some.map((trade) => tradeObject(trade, market));
  };

  aggregateTrades = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const { endTime, startTime } = parameters.period();
    const fromId = parameters.integer('fromId', 0);
    const limit = parameters.limit(500, 1_000);
    const found = this.context.memories
      .of(market.id)
      .aggregates.toArray()
      .filter(({ aggregateId, timeMs }) => {
        if (fromId !== undefined && aggregateId < fromId) return false;
        return timeMs >= (startTime ?? 0) && timeMs <= (endTime ?? Number.MAX_SAFE_INTEGER);
      });
    const fromStart = fromId !== undefined || startTime !== undefined;
    const some = fromStart ? found.slice(0, limit) : found.slice(-limit);
    return some.map((trade) => aggregateObject(trade, market));
  };

  klines = (parameters: Parameters) => {
    const market = this.context.symbols.must(parameters);
    const interval = intervalOf(parameters.must('interval'));
    if (interval === undefined) throw ERRORS.badInterval();
    const { endTime, startTime } = parameters.period();
    const limit = parameters.limit(500, 1_500);
    const to = endTime ?? this.context.exchangeTimeMs();
    const most = startTime === undefined ? limit : Number.MAX_SAFE_INTEGER;
    const found = this.context.candles.candles(market.id, interval, startTime ?? 0, to, most);
    return found.slice(0, limit).map((candle) => klineRow(candle, interval, market));
  };

  premiumIndex = (parameters: Parameters) => {
    return this.oneOrAll(parameters, (market) => this.premiumObject(market));
  };

  fundingRate = (parameters: Parameters) => {
    const { endTime, startTime } = parameters.period();
    const limit = parameters.limit(100, 1_000);
    const found = this.context.symbols.oneOrAll(parameters).flatMap((market) => {
      const { fundings } = this.context.memories.of(market.id);
      return fundings.toArray().map((funding) => ({
        symbol: symbolOf(market),
        fundingRate: rateText(funding.ratePpb),
        fundingTime: funding.timeMs,
        markPrice: markText(market, funding.markTicks),
      }));
    });
    const within = found
      .filter(({ fundingTime }) => fundingTime >= (startTime ?? 0))
      .filter(({ fundingTime }) => fundingTime <= (endTime ?? Number.MAX_SAFE_INTEGER))
      .sort((a, b) => a.fundingTime - b.fundingTime);
    return startTime === undefined ? within.slice(-limit) : within.slice(0, limit);
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

/** What exchangeInfo tells about a market. */
function symbolObject(market: Market) {
  const p = market.params;
  const tickSize = formatScaled(1, p.tickMantissa, p.tickDecimals);
  const stepSize = formatScaled(1, p.lotMantissa, p.lotDecimals);
  const maxQty = qtyText(market, p.qtyLotsMax);
  const initialPpm = market.margin.tiers[0]?.initialPpm ?? p.initialMarginPpm;
  const maintenancePpm = market.margin.tiers[0]?.maintenancePpm ?? p.maintenanceMarginPpm;
  const base = baseAssetOf(p.symbol);
  return {
    symbol: symbolOf(market),
    pair: symbolOf(market),
    contractType: 'PERPETUAL',
    deliveryDate: NEVER,
    onboardDate: ONBOARD_DATE,
    status: statusOf(market),
    maintMarginPercent: formatScaled(maintenancePpm, 1, 4),
    requiredMarginPercent: formatScaled(initialPpm, 1, 4),
    baseAsset: base,
    quoteAsset: MARGIN_ASSET,
    marginAsset: MARGIN_ASSET,
    pricePrecision: pricePrecisionOf(market),
    quantityPrecision: p.lotDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    settlePlan: 0,
    triggerProtect: '0.0000',
    liquidationFee: '0.000000',
    marketTakeBound: formatScaled(p.priceBandPpm, 1, 6),
    maxMoveOrderLimit: 10_000,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: tickSize,
        maxPrice: priceText(market, p.priceTicksMax),
        tickSize,
      },
      { filterType: 'LOT_SIZE', minQty: stepSize, maxQty, stepSize },
      { filterType: 'MARKET_LOT_SIZE', minQty: stepSize, maxQty, stepSize },
      { filterType: 'MAX_NUM_ORDERS', limit: p.openOrdersMax },
      { filterType: 'MAX_NUM_ALGO_ORDERS', limit: Math.min(100, p.openOrdersMax) },
      { filterType: 'MIN_NOTIONAL', notional: trimmed(formatScaled(p.minNotionalMicroUsd, 1, 6)) },
      {
        filterType: 'PERCENT_PRICE',
        multiplierUp: formatScaled(PPM_ONE + p.priceBandPpm, 1, 6).slice(0, -2),
        multiplierDown: formatScaled(PPM_ONE - p.priceBandPpm, 1, 6).slice(0, -2),
        multiplierDecimal: '4',
      },
    ],
    orderTypes: ORDER_TYPES,
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'],
  };
}

function statusOf({ state }: Market): string {
  const name = MARKET_STATES[state];
  if (name === 'initializing') return 'PENDING_TRADING';
  if (name === 'settling' || name === 'closed') return name === 'closed' ? 'CLOSE' : 'SETTLING';
  return name === 'halted' || name === 'cancel_only' ? 'BREAK' : 'TRADING';
}

function trimmed(decimal: string): string {
  return decimal.replace(/\.?0+$/, '');
}

function tradeObject(trade: TradeRecord, market: Market) {
  return {
    id: trade.tradeId,
    price: priceText(market, trade.priceTicks),
    qty: qtyText(market, trade.lots),
    quoteQty: valueText(market, trade.priceTicks * trade.lots),
    time: trade.timeMs,
    isBuyerMaker: trade.makerBuys,
    isRPITrade: false,
  };
}

function aggregateObject(trade: AggregateTrade, market: Market) {
  return {
    a: trade.aggregateId,
    p: priceText(market, trade.priceTicks),
    q: qtyText(market, trade.lots),
    f: trade.tradeId,
    l: trade.lastTradeId,
    T: trade.timeMs,
    m: trade.makerBuys,
  };
}

function klineRow(candle: Candle, interval: Interval, market: Market): unknown[] {
  const openMs = openTimeOf(interval, candle.openMs);
  return [
    openMs,
    priceText(market, candle.open),
    priceText(market, candle.high),
    priceText(market, candle.low),
    priceText(market, candle.close),
    qtyText(market, candle.lots),
    closeTimeOf(interval, openMs),
    valueText(market, candle.tickLots),
    candle.trades,
    qtyText(market, candle.takerBuyLots),
    valueText(market, candle.takerBuyTickLots),
    '0',
  ];
}

/** The 24 hours before `nowMs`, as REST shows them. */
export function dayFields(day: Candle | null, market: Market, nowMs: number) {
  const price = (ticks: number) => priceText(market, ticks);
  const { close = 0, high = 0, lots = 0, low = 0, open = 0, tickLots = 0 } = day ?? {};
  return {
    symbol: symbolOf(market),
    priceChange: price(close - open),
    priceChangePercent: percentText(open, close),
    weightedAvgPrice: averageText(market, tickLots, lots),
    lastPrice: price(close),
    openPrice: price(open),
    highPrice: price(high),
    lowPrice: price(low),
    volume: qtyText(market, lots),
    quoteVolume: valueText(market, tickLots),
    openTime: nowMs - DAY_MS,
    closeTime: nowMs,
    firstId: day?.firstTradeId ?? 0,
    lastId: day?.lastTradeId ?? 0,
    count: day?.trades ?? 0,
  };
}

export function percentText(open: number, close: number): string {
  return open === 0 ? '0.000' : (((close - open) / open) * 100).toFixed(3);
}
