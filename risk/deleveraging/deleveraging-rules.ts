import type { DeleveragingRules } from '../../engine/market/liquidation/liquidation-rules.js';
import { asQtyLots } from '../../engine/units/units.js';
import { planDeleveraging } from './plan.js';
import { rankForDeleveraging } from './ranking.js';

/** Ranking and plan, in the engine's units, for the markets of a shard. */
export const deleveragingRules: DeleveragingRules = {
  plan(candidates, remainderLots, markTicks, params) {
    const tickLot = {
      numerator: BigInt(params.microUsdPerTickLotNumerator),
      denominator: BigInt(params.microUsdPerTickLotDenominator),
    };
    const asked = candidates.map((candidate) => ({
      accountId: candidate.account,
      lots: BigInt(candidate.positionLots),
      entryValueTickLots: BigInt(candidate.entryValueTickLots),
      markTicks: BigInt(markTicks),
      equityMicroUsd: BigInt(candidate.equityMicroUsd),
    }));
    const plan = planDeleveraging(rankForDeleveraging(asked, tickLot), BigInt(remainderLots));
    return plan
      .filter(({ reducedLots }) => reducedLots > 0n)
      .map(({ candidate, reducedLots }) => {
        return { account: candidate.accountId, lots: asQtyLots(Number(reducedLots)) };
      });
  },
};
