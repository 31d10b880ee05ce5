import type { ImpactPrice, PricingRules } from '../../engine/market/pricing-rules.js';
import { divCeil, divFloor, divNearest } from '../../engine/units/division.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import { fundingRateE18 } from '../funding/funding-rate.js';
import { premiumE18 } from '../funding/premium.js';
import { markPriceTicks } from '../mark-price/mark-price.js';
import { movingAverage } from '../mark-price/moving-average.js';

/** Rates of a market are parts per billion. */
const PPB = RATE_ONE / 1_000_000_000n;
const MILLI = 1000n;
/** Impact prices are averages: they are taken in millionths of a tick. */
const MICRO = 1_000_000n;

/**
 * The formulas by which the markets of a shard find mark price and funding: those of `risk/mark-price` and `risk/funding`, in the
 * engine's units. They run a few times a second, so they may be exact in bigint.
 */
export const pricingRules: PricingRules = {
  /**
   * The last price counts only between a bid and an ask: alone it may be hours old. So an empty or one-sided book leaves the
   * index, with what is still known of the basis.
   */
  markTicks({ indexTicks, basisMilliTicks, bidTicks, askTicks, lastTicks }) {
    const hasMid = bidTicks !== 0 && askTicks !== 0;
    const mark = markPriceTicks({
      indexTicks: BigInt(indexTicks),
      basisEmaTicks: divNearest(BigInt(basisMilliTicks), MILLI),
      bidTicks: hasMid ? BigInt(bidTicks) : null,
      askTicks: hasMid ? BigInt(askTicks) : null,
      lastTicks: hasMid && lastTicks !== 0 ? BigInt(lastTicks) : null,
    });
    return asPriceTicks(Math.max(1, Number(mark)));
  },

  average: movingAverage,

  /** Impact prices rounded against the premium, the premium towards zero. */
  premiumPpb(indexTicks, bid, ask) {
    const premium = premiumE18(
      BigInt(indexTicks) * MICRO,
      bid.lots === 0 ? null : microTicks(bid, divFloor),
      ask.lots === 0 ? null : microTicks(ask, divCeil),
    );
    return clampToSafe(premium / PPB);
  },

  fundingRatePpb(premiumSumPpb, expectedSamples, { interestPpb, dampenerPpb, rateCapPpb }) {
    const rate = fundingRateE18({
      premiumE18: (BigInt(premiumSumPpb) / BigInt(expectedSamples)) * PPB,
      interestE18: BigInt(interestPpb) * PPB,
      dampenerE18: BigInt(dampenerPpb) * PPB,
      capE18: BigInt(rateCapPpb) * PPB,
    });
    return Number(rate / PPB);
  },
};

function microTicks({ lots, valueTickLots }: ImpactPrice, divide: typeof divFloor): bigint {
  return divide(BigInt(valueTickLots) * MICRO, BigInt(lots));
}

/** A book gone mad must not make a sum of samples leave the safe integers; what lies so far out is capped as a rate anyway. */
function clampToSafe(premiumPpb: bigint): number {
  const most = 1_000_000_000_000n;
  return Number(premiumPpb > most ? most : premiumPpb < -most ? -most : premiumPpb);
}
