import type { MarketParams } from '../../engine/market/market-params.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import { SIDE_BUY, SIDE_SELL } from '../../engine/messages/types.js';
import { asPriceTicks, PPM_ONE, type PriceTicks } from '../../engine/units/units.js';
import { divCeil, divFloor, maxOf, minOf } from '../arithmetic/division.js';

/** A part of a position that is closed into the book at a time, and the least that is worth a part of its own. */
const SHARE = 4n;
const WHOLE_BELOW_MICRO_USD = 1_000_000_000n;

/** What a slice depends on. */
export interface SliceTerms {
  params: MarketParams;
  markTicks: PriceTicks;
  /** Signed: positive is long. */
  positionLots: number;
  /** Of the account, at the mark. */
  equityMicroUsd: number;
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
  const { params, markTicks, positionLots } = terms;
  const size = BigInt(Math.abs(positionLots));
  const value = size * BigInt(markTicks) * BigInt(params.microUsdPerTickLotNumerator);
  const isSmall = value < WHOLE_BELOW_MICRO_USD * BigInt(params.microUsdPerTickLotDenominator);
  const lots = isSmall ? size : divCeil(size, SHARE);
  return {
    side: positionLots > 0 ? SIDE_SELL : SIDE_BUY,
    lots: Number(minOf(lots, BigInt(params.qtyLotsMax))),
    priceTicks: boundTicks(terms, size),
  };
}

/**
 * Bankruptcy price x, all other positions unchanged: equity + position × (x − mark) − taker fee on |position| × x = 0, so
 *
 *   long:  x = (size × mark × unit − equity) ÷ (size × unit × (1 − taker rate)), rounded up
 *   short: x = (size × mark × unit + equity) ÷ (size × unit × (1 + taker rate)), rounded down
 *
 * The fee is in it, or the last cent of it would be somebody else's.
 */
function boundTicks(terms: SliceTerms, size: bigint): PriceTicks {
  const { params, markTicks, positionLots, equityMicroUsd, takerPpm } = terms;
  const one = BigInt(PPM_ONE);
  const taker = BigInt(takerPpm);
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const value = size * BigInt(markTicks) * unit;
  const equity = BigInt(equityMicroUsd) * BigInt(params.microUsdPerTickLotDenominator);
  const most = BigInt(params.priceTicksMax);
  if (positionLots > 0) {
    const price = divCeil((value - equity) * one, size * unit * (one - taker));
    const band = BigInt(bandPriceTicks(params, SIDE_SELL, markTicks));
    return asPriceTicks(Number(minOf(maxOf(price, band), most)));
  }
  const price = divFloor((value + equity) * one, size * unit * (one + taker));
  const band = BigInt(bandPriceTicks(params, SIDE_BUY, markTicks));
  return asPriceTicks(Number(maxOf(minOf(price, band), 1n)));
}
