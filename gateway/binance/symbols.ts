import type { Market, Markets } from '../markets.js';
import { ERRORS } from './errors.js';
import type { Parameters } from './parameters.js';

/** Collateral is counted in USD; clients of this dialect know it by this name. */
export const MARGIN_ASSET = 'USDT';
const PERPETUAL = '-PERP';

/** `BTC-PERP` is `BTCUSDT` here. */
export function symbolOf({ params }: Market): string {
  return baseAssetOf(params.symbol) + MARGIN_ASSET;
}

export function baseAssetOf(symbol: string): string {
  const base = symbol.endsWith(PERPETUAL) ? symbol.slice(0, -PERPETUAL.length) : symbol;
  return base.replaceAll('-', '');
}

/** Markets by the names that this dialect gives them. */
export class Symbols {
  private readonly markets: Markets;
  private readonly bySymbol = new Map<string, Market>();

  constructor(markets: Markets) {
    this.markets = markets;
  }

  find(symbol: string): Market | undefined {
    const known = this.bySymbol.get(symbol);
    if (known !== undefined) return known;
    // Markets come after the gateway has begun, and none ever goes.
    for (const market of this.markets.all()) this.bySymbol.set(symbolOf(market), market);
    return this.bySymbol.get(symbol);
  }

  byId(marketId: number): Market | undefined {
    return this.markets.get(marketId);
  }

  all(): Market[] {
    return this.markets.all();
  }

  /** The market of the parameter `symbol`. */
  must(parameters: Parameters): Market {
    const market = this.find(parameters.must('symbol'));
    if (market === undefined) throw ERRORS.badSymbol();
    return market;
  }

  /** That market, or all when there is no such parameter. */
  oneOrAll(parameters: Parameters): Market[] {
    return parameters.has('symbol') ? [this.must(parameters)] : this.all();
  }
}
