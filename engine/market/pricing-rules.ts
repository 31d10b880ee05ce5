import type { PriceTicks, TimeMs } from '../units/units.js';
import type { PricingParams } from './pricing-params.js';

/** What a mark price is made of. Prices are 0 where there is none. */
export interface MarkInputs {
  indexTicks: PriceTicks;
  /** Moving average of mid − index, thousandths of a tick, signed. */
  basisMilliTicks: number;
  bidTicks: PriceTicks;
  askTicks: PriceTicks;
  lastTicks: PriceTicks;
}

/** Average price at which a side of the book would take the impact notional: value ÷ lots; no lots: it is too thin for it. */
export interface ImpactPrice {
  valueTickLots: number;
  lots: number;
}

/** The formulas of mark price and funding, which belong to `risk/`; a market calls them. All in integers. */
export interface PricingRules {
  /** At least 1. */
  markTicks(inputs: MarkInputs): PriceTicks;
  /** A moving average after `elapsedMs` with this value; both in thousandths of a tick. */
  average(before: number, value: number, elapsedMs: number, averageMs: number): number;
  premiumPpb(indexTicks: PriceTicks, bid: ImpactPrice, ask: ImpactPrice): number;
  /** Rate for 8 hours from Σ of the premium's samples and how many there should be. */
  fundingRatePpb(premiumSumPpb: number, expectedSamples: number, params: PricingParams): number;
}

/** One payment of funding, kept in the market's history. */
export interface FundingRecord {
  timeMs: TimeMs;
  indexTicks: PriceTicks;
  /** For 8 hours. */
  ratePpb: number;
}
