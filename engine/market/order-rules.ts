import { REJECT, type RejectCode } from '../messages/reject-codes.js';
import {
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  SIDE_BUY,
  STP_DECREMENT,
  stpOf,
  TIF_FOK,
  TIF_GTC,
  TIF_GTD,
  TIF_IOC,
  tifOf,
} from '../messages/types.js';
import { mulDivCeil, mulDivFloor } from '../units/mul-div.js';
import {
  asMicroUsd,
  asPriceTicks,
  asValueTickLots,
  type MicroUsd,
  PPM_ONE,
  type PriceTicks,
  type ValueTickLots,
} from '../units/units.js';
import type { MarketParams } from './market-params.js';

/** 0 when the order's flags make sense together, else the reason to refuse them. */
export function flagsProblem(flags: number): 0 | RejectCode {
  const tif = tifOf(flags);
  const market = (flags & FLAG_MARKET_ORDER) !== 0;
  const postOnly = (flags & FLAG_POST_ONLY) !== 0;
  // A market order cannot wait, and a post-only order has to.
  if (market && (postOnly || (tif !== TIF_IOC && tif !== TIF_FOK)))
    return REJECT.flags_are_contradictory;
  if (postOnly && tif !== TIF_GTC && tif !== TIF_GTD) return REJECT.flags_are_contradictory;
  if (!postOnly && (flags & FLAG_POST_ONLY_SLIDE) !== 0) return REJECT.flags_are_contradictory;
  if (stpOf(flags) > STP_DECREMENT) return REJECT.flags_are_contradictory;
  return 0;
}

export function expires(flags: number): boolean {
  return tifOf(flags) === TIF_GTD;
}

/**
 * Worst price that an order of this side may have: buys at most mark × (1 + band), rounded down; sells at least
 * mark × (1 − band), rounded up: never beyond the band. One-sided, like Binance's PERCENT_PRICE: a price
 * far on the passive side harms nobody.
 */
export function bandPriceTicks(
  params: MarketParams,
  side: number,
  markTicks: PriceTicks,
): PriceTicks {
  if (side === SIDE_BUY) {
    const upper = mulDivFloor(markTicks, PPM_ONE + params.priceBandPpm, PPM_ONE);
    return asPriceTicks(Math.min(upper, params.priceTicksMax));
  }
  const lower = mulDivCeil(markTicks, PPM_ONE - params.priceBandPpm, PPM_ONE);
  return asPriceTicks(Math.max(1, lower));
}

/** Micro-USD of a value in tick·lots, rounded down. */
export function notionalMicroUsd(params: MarketParams, value: ValueTickLots): MicroUsd {
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = params;
  return asMicroUsd(mulDivFloor(value, microUsdPerTickLotNumerator, microUsdPerTickLotDenominator));
}

/** Least value in tick·lots whose notional, rounded down, reaches `notional`. */
export function leastValueTickLots(params: MarketParams, notional: MicroUsd): ValueTickLots {
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = params;
  return asValueTickLots(
    mulDivCeil(notional, microUsdPerTickLotDenominator, microUsdPerTickLotNumerator),
  );
}
