import type { PricingRules } from '../../engine/market/pricing-rules.js';
import { fundingRatePpb, premiumPpb } from './funding-rate.js';
import { markTicks, movingAverage } from './mark-price.js';

/** The formulas by which the markets of a shard find mark price and funding. */
export const pricingRules: PricingRules = {
  markTicks,
  average: movingAverage,
  premiumPpb,
  fundingRatePpb,
};
