import { PPM_ONE } from '../../engine/units/units.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MARKET_STATES } from '../protocol/names.js';
import { type Candle, closeTimeOf, type Interval, openTimeOf } from './candles.js';
import type { AggregateTrade, TradeRecord } from './market-memory.js';
import { averageText, valueText } from './numbers.js';
import { pricePrecisionOf } from './order-parameters.js';
import { baseAssetOf, MARGIN_ASSET, symbolOf } from './symbols.js';

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

/** What exchangeInfo tells about a market. */
export function symbolObject(market: Market) {
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

export function tradeObject(trade: TradeRecord, market: Market) {
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

export function aggregateObject(trade: AggregateTrade, market: Market) {
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

export function klineRow(candle: Candle, interval: Interval, market: Market): unknown[] {
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
