import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backing } from '../../engine/market/liquidation/bankruptcy.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import { SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { sliceOf } from './slice.js';

/** BTC-PERP: a tick·lot is 100 micro-USD. */
const PARAMS = {
  microUsdPerTickLotNumerator: 100,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(100_000_000),
  qtyLotsMax: asQtyLots(10_000_000),
  priceBandPpm: asPpm(100_000),
} as MarketParams;
const MARK = asPriceTicks(1_000_000);
const BACKING: Backing = { markTicks: MARK, positionLots: 1000, equityMicroUsd: 2_000_000_000 };

describe('a slice of a liquidation', () => {
  it.each([
    ['long 1 BTC, 2,000 USD of equity: a quarter, down to 98,000', {}, SIDE_SELL, 250, 980_000],
    ['short: up to 102,000', { positionLots: -1000 }, SIDE_BUY, 250, 1_020_000],
    ['the fee is in the bound', { takerPpm: 500 }, SIDE_SELL, 250, 980_491],
    ['… of a short as well', { positionLots: -1000, takerPpm: 500 }, SIDE_BUY, 250, 1_019_490],
    ['a quarter is rounded up', { positionLots: 1001 }, SIDE_SELL, 251, 980_020],
    ['below 1,000 USD all of it', { positionLots: 9 }, SIDE_SELL, 9, 900_000],
    ['no more than an order may have', { positionLots: 10 ** 8 }, SIDE_SELL, 10_000_000, 1_000_000],
    ['never beyond the band', { equityMicroUsd: 10 ** 12 }, SIDE_SELL, 250, 900_000],
    ['bankrupt: only better than the mark', { equityMicroUsd: -1e9 }, SIDE_SELL, 250, 1_010_000],
  ])('%s', (_name, change: Partial<Backing> & { takerPpm?: number }, side, lots, priceTicks) => {
    const { takerPpm = 0, ...backing } = change;
    const terms = { params: PARAMS, backing: { ...BACKING, ...backing }, takerPpm };
    expect(sliceOf(terms)).toEqual({ side, lots, priceTicks });
  });

  it('at its bound the whole position leaves nothing and owes nothing; a tick further it would owe', () => {
    const lots = fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).filter((size) => size !== 0);
    const equity = fc.integer({ min: -1e9, max: 1e12 });
    const units = fc.constantFrom([100, 1], [1, 10], [7, 1000]);
    const mark = fc.integer({ min: 10, max: 2_000_000 });
    const taker = fc.integer({ min: 0, max: 50_000 });
    fc.assert(
      fc.property(
        lots,
        equity,
        units,
        mark,
        taker,
        (positionLots, micro, unit, ticks, takerPpm) => {
          const params = {
            ...PARAMS,
            microUsdPerTickLotNumerator: unit[0] as number,
            microUsdPerTickLotDenominator: unit[1] as number,
          };
          const markTicks = asPriceTicks(ticks);
          const equityMicroUsd = micro;
          const backing = { markTicks, positionLots, equityMicroUsd };
          const { side, priceTicks } = sliceOf({ params, backing, takerPpm });
          /** × 10^6 × denominator, so that nothing is rounded. */
          const left = (price: number): bigint => {
            const size = BigInt(Math.abs(positionLots));
            const num = BigInt(unit[0] as number);
            const move = BigInt(positionLots) * BigInt(price - ticks) * num * 1_000_000n;
            const fee = size * BigInt(price) * num * BigInt(takerPpm);
            return BigInt(micro) * BigInt(unit[1] as number) * 1_000_000n + move - fee;
          };
          const worse = side === SIDE_SELL ? priceTicks - 1 : priceTicks + 1;
          const band = bandPriceTicks(params, side, markTicks);
          const isFree = priceTicks !== band && priceTicks > 1 && priceTicks < params.priceTicksMax;
          if (!isFree) return;
          expect(left(priceTicks) >= 0n).toBe(true);
          expect(left(worse) < 0n).toBe(true);
        },
      ),
    );
  });
});
