import type { MarketParams } from '../../engine/market/market-params.js';

/** BTC-PERP as in the default configuration: tick 0.1, lot 0.001. */
export const BTC: MarketParams = {
  symbol: 'BTC-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 3,
  microUsdPerTickLotNumerator: 100,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: 10_000_000,
  qtyLotsMax: 1_000_000_000,
  minNotionalMicroUsd: 5_000_000,
  priceBandPpm: 100_000,
  initialMarginPpm: 20_000,
  maintenanceMarginPpm: 10_000,
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
