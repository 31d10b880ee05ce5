import { type MarketParams, OPEN_ORDERS_MAX } from '../../../engine/market/market-params.js';
import {
  asMicroUsd,
  asPpm,
  PPM_ONE,
  PRICE_TICKS_MAX,
  QTY_LOTS_MAX,
} from '../../../engine/units/units.js';
import type { MarketUnits } from './replay-market.js';

/** Few accounts have to afford a whole recorded book at once. */
const INITIAL_MARGIN_PPM = 1000;

/** Limits as wide as the engine has them: the recorded venue has decided already what it lets in. */
export function wideMarketParams(units: MarketUnits): MarketParams {
  const { tickMantissa, tickDecimals, lotMantissa, lotDecimals } = units;
  const numerator = BigInt(tickMantissa) * BigInt(lotMantissa) * 1_000_000n;
  const denominator = 10n ** BigInt(tickDecimals + lotDecimals);
  const divisor = greatestCommonDivisor(numerator, denominator);
  return {
    symbol: units.symbol.replace(/[^A-Z0-9-]/g, '-').slice(0, 16),
    tickMantissa,
    tickDecimals,
    lotMantissa,
    lotDecimals,
    microUsdPerTickLotNumerator: Number(numerator / divisor),
    microUsdPerTickLotDenominator: Number(denominator / divisor),
    priceTicksMax: PRICE_TICKS_MAX,
    qtyLotsMax: QTY_LOTS_MAX,
    minNotionalMicroUsd: asMicroUsd(0),
    priceBandPpm: asPpm(PPM_ONE),
    initialMarginPpm: asPpm(INITIAL_MARGIN_PPM),
    maintenanceMarginPpm: asPpm(1),
    openOrdersMax: OPEN_ORDERS_MAX,
  };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
