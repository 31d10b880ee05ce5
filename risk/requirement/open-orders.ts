import { absOf, divCeil, maxOf, minOf } from '../../engine/units/division.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import { microUsdCeil } from '../arithmetic/tick-lot-value.js';
import { marginOfValue } from '../margin-tiers/margin-tiers.js';
import type { RiskMarket } from './position-margin.js';

/** An open order; `lots` is what is left of it. */
export interface OpenOrder {
  isBuy: boolean;
  priceTicks: bigint;
  lots: bigint;
  reduceOnly: boolean;
}

/** The most that a position and its open orders can become in lots, and the lots that may still fill. */
interface WorstCase {
  positionLots: bigint;
  openLots: bigint;
  /** What fills at their prices lose at once against the mark, tick·lots. */
  lossTickLots: bigint;
}

/**
 * Initial margin of a position with its open orders, micro-USD, each of three terms rounded up:
 *
 *   margin of mark × max(position + bids, asks − position)   worst position that open orders can make
 *   + Σ max(0, price − mark) over bids + Σ max(0, mark − price) over asks   what they lose at once when they fill
 *   + taker rate × (mark × lots that may fill + those losses)   fees, should all of them fill
 *
 * With one tier and no reduce-only orders this is what the kernel reserves (`risk/kernel/requirement.ts`, which has the reasons);
 * a test holds the two together. Reduce-only orders never make a position larger, so they are not in the first term; in
 * the others they count as far as they can close something, oldest first, which is how the market trims them.
 *
 * Source: Binance USDⓈ-M, "cost required to open a position" (losses) and its maximum over both sides; dYdX v4 takes fees in.
 */
export function initialMarginWithOrders(
  market: RiskMarket,
  positionLots: bigint,
  orders: readonly OpenOrder[],
): bigint {
  const { brackets, markTicks, takerRateE18, tickLot } = market;
  const worst = worstCase(positionLots, orders, markTicks);
  const atRisk = worst.openLots * markTicks + worst.lossTickLots;
  const fees = atRisk * tickLot.numerator * takerRateE18;
  return (
    marginOfValue(brackets.initial, worst.positionLots * markTicks, tickLot) +
    microUsdCeil(worst.lossTickLots, tickLot) +
    divCeil(fees, tickLot.denominator * RATE_ONE)
  );
}

/** Lots of the larger of the two positions that fills of one side alone can lead to; never less than the position has. */
export function worstPositionLots(positionLots: bigint, orders: readonly OpenOrder[]): bigint {
  let bids = 0n;
  let asks = 0n;
  for (const { isBuy, lots, reduceOnly } of orders) {
    if (reduceOnly) continue;
    if (isBuy) bids += lots;
    else asks += lots;
  }
  return maxOf(positionLots + bids, asks - positionLots);
}

function worstCase(
  positionLots: bigint,
  orders: readonly OpenOrder[],
  markTicks: bigint,
): WorstCase {
  let closable = absOf(positionLots);
  let openLots = 0n;
  let lossTickLots = 0n;
  for (const { isBuy, lots, priceTicks, reduceOnly } of orders) {
    let fillable = lots;
    if (reduceOnly) {
      const closes = isBuy ? positionLots < 0n : positionLots > 0n;
      fillable = closes ? minOf(lots, closable) : 0n;
      closable -= fillable;
    }
    const lossTicks = isBuy ? priceTicks - markTicks : markTicks - priceTicks;
    openLots += fillable;
    lossTickLots += fillable * maxOf(lossTicks, 0n);
  }
  return { positionLots: worstPositionLots(positionLots, orders), openLots, lossTickLots };
}
