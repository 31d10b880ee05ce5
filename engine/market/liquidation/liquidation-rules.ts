import type { PriceTicks, QtyLots } from '../../units/units.js';
import type { MarketParams } from '../market-params.js';

/** Of every liquidation order that is filled above bankruptcy the fund gets a quarter of what is left, up to 0.5 % of its notional. */
export const FEE_SHARE = 4;
export const FEE_MAX_PPM = 5_000;

/** An auction goes from the mark to 5 % below (a short: above) it within ten seconds, but never beyond bankruptcy. */
export const AUCTION_MS = 10_000;
export const DISCOUNT_MAX_PPM = 50_000;

/** Slices of accounts that are not bankrupt may close a tenth of the open interest a minute, or this much where that is more. */
export const MINUTE_MS = 60_000;
export const MINUTE_SHARE = 10;
export const MINUTE_LEAST_MICRO_USD = 100_000_000_000;

/** Somebody on the other side of a position that is deleveraged. */
export interface DeleveragingCandidate {
  account: number;
  /** Signed. */
  positionLots: number;
  entryValueTickLots: number;
  equityMicroUsd: number;
}

/** Who closes how much. */
export interface DeleveragingStep {
  account: number;
  lots: QtyLots;
}

/** The ranking, whose formula belongs to `risk/`; a market calls it. */
export interface DeleveragingRules {
  /** In the order of the ranking; together never more than the remainder, and nobody with nothing. */
  plan(
    candidates: readonly DeleveragingCandidate[],
    remainderLots: QtyLots,
    markTicks: PriceTicks,
    params: MarketParams,
  ): readonly DeleveragingStep[];
}
