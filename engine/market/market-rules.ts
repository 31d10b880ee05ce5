import type { DeleveragingRules } from './liquidation/liquidation-rules.js';
import type { PricingRules } from './pricing-rules.js';

/** Formulas that belong to `risk/` and that markets call. */
export interface MarketRules {
  readonly pricing: PricingRules;
  readonly deleveraging: DeleveragingRules;
}
