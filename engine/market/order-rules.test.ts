import { describe, expect, it } from 'vitest';
import { SIDE_BUY, SIDE_SELL } from '../messages/types.js';
import {
  asMicroUsd,
  asPpm,
  asPriceTicks,
  asQtyLots,
  asValueTickLots,
  PRICE_TICKS_MAX,
  QTY_LOTS_MAX,
} from '../units/units.js';
import type { MarketParams } from './market-params.js';
import { bandPriceTicks, leastValueTickLots, notionalMicroUsd } from './order-rules.js';

/** A tick·lot is a third of a micro-USD here. */
const PARAMS: MarketParams = {
  symbol: 'X-PERP',
  tickMantissa: 1,
  tickDecimals: 3,
  lotMantissa: 1,
  lotDecimals: 3,
  microUsdPerTickLotNumerator: 1,
  microUsdPerTickLotDenominator: 3,
  priceTicksMax: asPriceTicks(1_000),
  qtyLotsMax: QTY_LOTS_MAX,
  minNotionalMicroUsd: asMicroUsd(5),
  priceBandPpm: asPpm(100_000),
  initialMarginPpm: asPpm(20_000),
  maintenanceMarginPpm: asPpm(10_000),
  openOrdersMax: 10,
};

describe('limits of an order', () => {
  it('stay within the band, the market’s highest price, and one tick', () => {
    expect(bandPriceTicks(PARAMS, SIDE_BUY, asPriceTicks(15))).toBe(16);
    expect(bandPriceTicks(PARAMS, SIDE_SELL, asPriceTicks(15))).toBe(14);
    expect(bandPriceTicks(PARAMS, SIDE_BUY, PRICE_TICKS_MAX)).toBe(1_000);
    const whole = { ...PARAMS, priceBandPpm: asPpm(1_000_000) };
    expect(bandPriceTicks(whole, SIDE_SELL, asPriceTicks(15))).toBe(1);
  });

  it('know the least value whose notional, rounded down, is enough', () => {
    const least = leastValueTickLots(PARAMS, PARAMS.minNotionalMicroUsd);
    expect(least).toBe(15);
    expect(notionalMicroUsd(PARAMS, least)).toBe(5);
    expect(notionalMicroUsd(PARAMS, asValueTickLots(least - 1))).toBe(4);
  });

  it('take no number of another unit, nor one without: the compiler holds each line to its error', () => {
    const micro = asMicroUsd(15);
    // @ts-expect-error Money is no price.
    bandPriceTicks(PARAMS, SIDE_BUY, micro);
    // @ts-expect-error A size is no price.
    bandPriceTicks(PARAMS, SIDE_BUY, asQtyLots(15));
    // @ts-expect-error A plain number has no unit.
    bandPriceTicks(PARAMS, SIDE_BUY, 15);
    // @ts-expect-error Money is no value in tick·lots.
    notionalMicroUsd(PARAMS, micro);
    // @ts-expect-error A value in tick·lots is no money.
    leastValueTickLots(PARAMS, asValueTickLots(15));
    // @ts-expect-error A rate is no money.
    const params: MarketParams = { ...PARAMS, minNotionalMicroUsd: PARAMS.priceBandPpm };
    expect(params.minNotionalMicroUsd).toBe(100_000);
  });
});
