import { clampTo } from '../../engine/units/division.js';

/** All × 10^18 and for eight hours, whatever the interval of payments is. */
export interface FundingTerms {
  premiumE18: bigint;
  interestE18: bigint;
  /** Not negative. */
  dampenerE18: bigint;
  /** Not negative. */
  capE18: bigint;
}

/**
 * Funding rate for eight hours, × 10^18: premium + clamp(interest − premium, ±dampener), then clamped to ±cap. While the premium is within
 * a dampener of the interest, the rate is the interest: small premiums cost nobody anything. Positive: longs pay.
 *
 * Source: Binance, "Introduction to Binance Futures Funding Rates"; Hyperliquid, "Funding" (the same formula, cap 4 % an hour).
 */
export function fundingRateE18(terms: FundingTerms): bigint {
  const { capE18, dampenerE18, interestE18, premiumE18 } = terms;
  return clampTo(premiumE18 + clampTo(interestE18 - premiumE18, dampenerE18), capE18);
}
