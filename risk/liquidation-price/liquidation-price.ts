import { absOf } from '../../engine/units/division.js';
import { type Fraction, fractionOf } from '../arithmetic/fraction.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import type { Bracket } from '../margin-tiers/margin-tiers.js';
import type { RiskMarket, RiskPosition } from '../requirement/position-margin.js';

/** No margin at all: the price at which equity covers it is the bankruptcy price. */
const NOTHING_REQUIRED: readonly Bracket[] = [{ floorMicroUsd: 0n, rateE18: 0n, deductionE18: 0n }];

/**
 * Mark price in ticks, exact, at which equity is equal to maintenance margin, all other prices standing still. Null when there is none
 * at zero or above. From there on a long is liquidatable below, a short above (roundings of a micro-USD aside).
 *
 * `restMicroUsd`: all that stands behind the position apart from itself. Cross: collateral + profit and loss of the other positions −
 * their maintenance margins. Isolated: the position's own collateral.
 *
 * The bracket that holds at the liquidation price counts, not that at entry or at the mark of today. In a bracket both sides are
 * straight lines of the price p (s signed lots, E entry value, v micro-USD a tick·lot, r rate, d deduction):
 *
 *   rest + (s × p − E) × v = |s| × p × v × r − d    ⇒    p = (E × v − rest − d) ÷ ((s − |s| × r) × v)
 *
 * Equity − margin is continuous over the brackets and never falls (a long) or always falls (a short) with the price, so at most
 * one bracket holds its own solution; at a floor two do, and they are the same.
 *
 * Source: Binance FAQ "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts" (and its note on brackets); dYdX v4
 * documentation, "Liquidations"; Hyperliquid, "Liquidations".
 */
export function liquidationPrice(
  market: RiskMarket,
  position: RiskPosition,
  restMicroUsd: bigint,
): Fraction | null {
  return priceCovering(market.brackets.maintenance, market, position, restMicroUsd);
}

/**
 * As above with equity zero: p = (E × v − rest) ÷ (s × v), where `restMicroUsd` has no maintenance margins taken off. Whoever takes the
 * position over at this price leaves the account with nothing and owing nothing, which is why deleveraging closes there.
 * Source: dYdX v4 `GetBankruptcyPriceInQuoteQuantums`; Bybit, "Bankruptcy price".
 */
export function bankruptcyPrice(
  market: RiskMarket,
  position: RiskPosition,
  restMicroUsd: bigint,
): Fraction | null {
  return priceCovering(NOTHING_REQUIRED, market, position, restMicroUsd);
}

function priceCovering(
  brackets: readonly Bracket[],
  market: RiskMarket,
  position: RiskPosition,
  restMicroUsd: bigint,
): Fraction | null {
  for (const [index, bracket] of brackets.entries()) {
    const price = priceInBracket(bracket, market, position, restMicroUsd);
    if (price === null || price.numerator < 0n) continue;
    const ceiling = brackets[index + 1]?.floorMicroUsd ?? null;
    if (holdsAt(price, bracket.floorMicroUsd, ceiling, market, position)) return price;
  }
  return null;
}

/** Null when the bracket's margin moves with the price as equity does (flat, or a long at a rate of one). */
function priceInBracket(
  { deductionE18, rateE18 }: Bracket,
  { tickLot: { denominator, numerator } }: RiskMarket,
  { entryValueTickLots, lots }: RiskPosition,
  restMicroUsd: bigint,
): Fraction | null {
  const slope = (lots * RATE_ONE - absOf(lots) * rateE18) * numerator;
  if (slope === 0n) return null;
  const atZero =
    entryValueTickLots * numerator * RATE_ONE -
    (restMicroUsd * RATE_ONE + deductionE18) * denominator;
  return fractionOf(atZero, slope);
}

/** Whether the position's notional at this price lies between floor and ceiling, both included. */
function holdsAt(
  price: Fraction,
  floorMicroUsd: bigint,
  ceilingMicroUsd: bigint | null,
  { tickLot }: RiskMarket,
  { lots }: RiskPosition,
): boolean {
  const notional = absOf(lots) * price.numerator * tickLot.numerator;
  const scale = price.denominator * tickLot.denominator;
  if (notional < floorMicroUsd * scale) return false;
  return ceilingMicroUsd === null || notional <= ceilingMicroUsd * scale;
}
