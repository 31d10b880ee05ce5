import type { MarketParams } from '../../engine/market/market-params.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';

/** BTC-PERP as in the default configuration: tick 0.1, lot 0.001. */
export const BTC: MarketParams = {
  symbol: 'BTC-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 3,
  microUsdPerTickLotNumerator: 100,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(10_000_000),
  qtyLotsMax: asQtyLots(1_000_000_000),
  minNotionalMicroUsd: asMicroUsd(5_000_000),
  priceBandPpm: asPpm(100_000),
  initialMarginPpm: asPpm(20_000),
  maintenanceMarginPpm: asPpm(10_000),
  openOrdersMax: 1_000,
};

/** A market whose tick is no power of ten. */
export const ODD: MarketParams = {
  ...BTC,
  symbol: 'ODD-PERP',
  tickMantissa: 25,
  tickDecimals: 2,
  lotMantissa: 5,
  lotDecimals: 1,
  microUsdPerTickLotNumerator: 125_000,
};
