import { absOf, minOf } from '../../engine/units/division.js';
import type { RankedCandidate } from './ranking.js';

export interface PlannedReduction extends RankedCandidate {
  /** From 1, best first. */
  rank: number;
  /** How much of the position is closed, 0 when it is not needed. Never more than it has. */
  reducedLots: bigint;
}

/**
 * Who has to close how much, so that `remainderLots` of the bankrupt position find a counterpart: each candidate in turn with all it
 * has, the last one needed with the rest. Together never more than the remainder; less only when all of them together have
 * less. All close at the bankruptcy price of the bankrupt position (`../liquidation-price/`), so neither the insurance fund
 * nor anybody beyond these candidates pays.
 */
export function planDeleveraging(
  ranked: readonly RankedCandidate[],
  remainderLots: bigint,
): PlannedReduction[] {
  let remaining = remainderLots;
  return ranked.map(({ candidate, score }, index) => {
    const reducedLots = minOf(absOf(candidate.lots), remaining);
    remaining -= reducedLots;
    return { candidate, score, rank: index + 1, reducedLots };
  });
}
