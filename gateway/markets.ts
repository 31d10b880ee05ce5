import { type MarginTerms, NO_MARGIN_TERMS } from '../engine/market/margin-terms.js';
import { type MarketParams, readMarketParams } from '../engine/market/market-params.js';
import { MARKET_STATE } from '../engine/market/market-state.js';
import { asPriceTicks, type PriceTicks } from '../engine/units/units.js';
import { formatScaled } from './codec/decimal-text.js';
import type { MarketUnits } from './history/question.js';

/** A market as the gateway knows it, from EVT_MARKET_LISTED and what followed. */
export interface Market {
  readonly id: number;
  /** Shard whose events are the market's public feeds. */
  readonly host: number;
  params: MarketParams;
  state: number;
  markTicks: PriceTicks;
  indexTicks: PriceTicks;
  /** Of the last payment of funding, for 8 hours, parts per billion; when the next is due, 0: never. */
  fundingRatePpb: number;
  nextFundingMs: number;
  /** Why its prices are not trusted: bits, 0 for none. */
  guards: number;
  /** As of its mark price. */
  openInterestLots: number;
  margin: MarginTerms;
  /** What its insurance fund has. */
  insuranceMicroUsd: number;
  /** Open auctions by id. */
  readonly auctions: Map<number, MarketAuction>;
}

/** A position that liquidators may take over. */
export interface MarketAuction {
  auctionId: number;
  /** Of who takes over: a buy for a long position. */
  side: number;
  /** Lots that are left. */
  lots: number;
  endMs: number;
  bankruptcyTicks: number;
}

/** What the `instruments` request tells about a market. */
export interface Instrument {
  market: string;
  marketId: number;
  tickSize: string;
  lotSize: string;
  priceMax: string;
  qtyMax: string;
  minNotional: string;
  priceBand: string;
  initialMarginRate: string;
  maintenanceMarginRate: string;
  openOrdersMax: number;
  /** The first one begins at 0; each rate is that of the part of the notional within its tier. */
  marginTiers: InstrumentTier[];
  /** Highest open interest and highest position of an account; null: no cap. */
  openInterestMax: string | null;
  positionMax: string | null;
  state: number;
}

export interface InstrumentTier {
  notionalFloor: string;
  initialMarginRate: string;
  maintenanceMarginRate: string;
}

/** The markets by number, by symbol, and by the symbol's bytes as they stand in a request. */
export class Markets {
  private readonly byId: (Market | undefined)[] = [];
  private readonly bySymbol = new Map<string, Market>();

  /** Lists a market or takes over its new parameters. */
  put(id: number, params: MarketParams, host = 0): Market {
    const known = this.byId[id];
    if (known !== undefined) {
      known.params = params;
      return known;
    }
    const market: Market = {
      id,
      host,
      params,
      state: MARKET_STATE.initializing,
      markTicks: asPriceTicks(0),
      indexTicks: asPriceTicks(0),
      fundingRatePpb: 0,
      nextFundingMs: 0,
      guards: 0,
      openInterestLots: 0,
      margin: NO_MARGIN_TERMS,
      insuranceMicroUsd: 0,
      auctions: new Map(),
    };
    this.byId[id] = market;
    this.bySymbol.set(params.symbol, market);
    return market;
  }

  /** From an EVT_MARKET_LISTED, whose parameters stand in its slots 3 and 4. */
  putFromEvent(
    id: number,
    words: Int32Array,
    floats: Float64Array,
    paramsAt: number,
    host: number,
  ): Market {
    return this.put(id, readMarketParams(words, floats, paramsAt), host);
  }

  get(id: number): Market | undefined {
    return this.byId[id];
  }

  find(symbol: string): Market | undefined {
    return this.bySymbol.get(symbol);
  }

  /** Finds a symbol without making a string of it: there are few markets, and a request names one. */
  findBytes(bytes: Uint8Array, from: number, length: number): Market | undefined {
    for (let id = 0; id < this.byId.length; id++) {
      const market = this.byId[id];
      if (market === undefined) continue;
      const symbol = market.params.symbol;
      if (symbol.length !== length) continue;
      let i = 0;
      while (i < length && symbol.charCodeAt(i) === bytes[from + i]) i++;
      if (i === length) return market;
    }
    return undefined;
  }

  all(): Market[] {
    return this.byId.filter((market) => market !== undefined);
  }
}

export function instrumentOf(market: Market): Instrument {
  const p = market.params;
  return {
    market: p.symbol,
    marketId: market.id,
    tickSize: formatScaled(1, p.tickMantissa, p.tickDecimals),
    lotSize: formatScaled(1, p.lotMantissa, p.lotDecimals),
    priceMax: formatScaled(p.priceTicksMax, p.tickMantissa, p.tickDecimals),
    qtyMax: formatScaled(p.qtyLotsMax, p.lotMantissa, p.lotDecimals),
    minNotional: formatScaled(p.minNotionalMicroUsd, 1, 6),
    priceBand: formatScaled(p.priceBandPpm, 1, 6),
    initialMarginRate: formatScaled(p.initialMarginPpm, 1, 6),
    maintenanceMarginRate: formatScaled(p.maintenanceMarginPpm, 1, 6),
    openOrdersMax: p.openOrdersMax,
    marginTiers: tiersOf(market),
    openInterestMax: capText(market, market.margin.openInterestLotsMax),
    positionMax: capText(market, market.margin.positionLotsMax),
    state: market.state,
  };
}

function tiersOf({ margin, params }: Market): InstrumentTier[] {
  const { initialMarginPpm: initialPpm, maintenanceMarginPpm: maintenancePpm } = params;
  const flat = [{ floorUsd: 0, initialPpm, maintenancePpm }];
  return (margin.tiers.length === 0 ? flat : margin.tiers).map((tier) => ({
    notionalFloor: String(tier.floorUsd),
    initialMarginRate: formatScaled(tier.initialPpm, 1, 6),
    maintenanceMarginRate: formatScaled(tier.maintenancePpm, 1, 6),
  }));
}

function capText(market: Market, lots: number): string | null {
  return lots === 0 ? null : qtyText(market, lots);
}

/** For threads that show ticks and lots without knowing the market. */
export function unitsOf({ id, params }: Market): MarketUnits {
  const { symbol, tickMantissa, tickDecimals, lotMantissa, lotDecimals } = params;
  return { marketId: id, symbol, tickMantissa, tickDecimals, lotMantissa, lotDecimals };
}

export function priceText(market: Market, ticks: number): string {
  return formatScaled(ticks, market.params.tickMantissa, market.params.tickDecimals);
}

export function qtyText(market: Market, lots: number): string {
  return formatScaled(lots, market.params.lotMantissa, market.params.lotDecimals);
}
