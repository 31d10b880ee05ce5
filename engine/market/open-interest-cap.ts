import type { MarketActor } from './market-actor.js';
import { TOTAL_OPEN_INTEREST } from './positions.js';

/**
 * Open interest in lots that an order could lead to: what of it cannot close the account's position opens new one, when the
 * other side opens as well. Zero when it is within the market's cap, or opens nothing.
 *
 * Resting orders were let in at their time and are not counted: the cap stops what comes, and does not follow fills.
 */
export function interestBeyondCap(
  market: MarketActor,
  account: number,
  side: number,
  lots: number,
): number {
  const cap = market.marginTerms.openInterestLotsMax;
  if (cap === 0) return 0;
  const opened = lots - market.positions.closableLots(account, side);
  if (opened <= 0) return 0;
  const interest = (market.positions.totals[TOTAL_OPEN_INTEREST] as number) + opened;
  return interest > cap ? interest : 0;
}
