import { type Backing, bankruptcyTicks } from '../../engine/market/liquidation/bankruptcy.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import { SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { divCeil, minOf } from '../../engine/units/division.js';
import { asPriceTicks, type PriceTicks } from '../../engine/units/units.js';

/** A part of a position that is closed into the book at a time, and the least that is worth a part of its own. */
const SHARE = 4n;
const WHOLE_BELOW_MICRO_USD = 1_000_000_000n;

/** What a slice depends on. */
export interface SliceTerms {
  params: MarketParams;
  backing: Backing;
  takerPpm: number;
}

export interface Slice {
  side: number;
  lots: number;
  priceTicks: PriceTicks;
}

/**
 * The next order of a liquidation: a quarter of the position, rounded up, or all of it when it is worth less than 1,000 USD; as much as
 * an order may have at most. Its price bound is the account's bankruptcy price in this market, so that closing there costs no one
 * but the account anything, and never beyond the price band.
 */
export function sliceOf(terms: SliceTerms): Slice {
  const { params, backing } = terms;
  const { markTicks, positionLots } = backing;
  const size = BigInt(Math.abs(positionLots));
  const value = size * BigInt(markTicks) * BigInt(params.microUsdPerTickLotNumerator);
  const isSmall = value < WHOLE_BELOW_MICRO_USD * BigInt(params.microUsdPerTickLotDenominator);
  const lots = isSmall ? size : divCeil(size, SHARE);
  return {
    side: positionLots > 0 ? SIDE_SELL : SIDE_BUY,
    lots: Number(minOf(lots, BigInt(params.qtyLotsMax))),
    priceTicks: boundTicks(terms),
  };
}

/** Bankruptcy price, fee included, but never beyond the band. */
function boundTicks({ params, backing, takerPpm }: SliceTerms): PriceTicks {
  const price = bankruptcyTicks(params, backing, takerPpm);
  const isLong = backing.positionLots > 0;
  const band = bandPriceTicks(params, isLong ? SIDE_SELL : SIDE_BUY, backing.markTicks);
  return asPriceTicks(isLong ? Math.max(price, band) : Math.min(price, band));
}
