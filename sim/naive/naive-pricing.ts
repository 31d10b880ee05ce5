import type { PricingRules } from '../../engine/market/pricing-rules.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { absOf, divCeil, divFloor, maxOf, minOf } from './naive-money.js';

const PPB = 1_000_000_000n;
const PREMIUM_MAX = 1000n * PPB;

/** The formulas of mark price and funding once more, in fractions of bigint, each rounded where the product rounds. */
export const naivePricing: PricingRules = {
  markTicks({ indexTicks, basisMilliTicks, bidTicks, askTicks, lastTicks }) {
    const basis = divFloor(BigInt(basisMilliTicks) + 500n, 1000n);
    // In quarters of a tick a mean of means is whole.
    const prices = [(BigInt(indexTicks) + basis) * 4n];
    if (bidTicks !== 0 && askTicks !== 0) {
      prices.push(BigInt(bidTicks + askTicks) * 2n);
      const clamped = maxOf(BigInt(bidTicks), minOf(BigInt(lastTicks), BigInt(askTicks)));
      if (lastTicks !== 0) prices.push(clamped * 4n);
    }
    prices.sort((a, b) => (a < b ? -1 : 1));
    const [low, middle = low, high] = prices as [bigint, bigint?, bigint?];
    const median = high === undefined ? (low + middle) / 2n : middle;
    return asPriceTicks(Number(maxOf(1n, divFloor(median + 2n, 4n))));
  },

  average(before, value, elapsedMs, averageMs) {
    if (elapsedMs >= averageMs) return value;
    const step = (BigInt(value) - BigInt(before)) * BigInt(elapsedMs);
    const size = absOf(step) / BigInt(averageMs);
    return before + Number(step < 0n ? -size : size);
  },

  premiumPpb(indexTicks, bid, ask) {
    const index = BigInt(indexTicks) * 1_000_000n;
    const sells = divFloor(BigInt(bid.valueTickLots) * 1_000_000n, BigInt(bid.lots || 1));
    const buys = divCeil(BigInt(ask.valueTickLots) * 1_000_000n, BigInt(ask.lots || 1));
    const above = bid.lots === 0 ? 0n : maxOf(0n, sells - index);
    const below = ask.lots === 0 ? 0n : maxOf(0n, index - buys);
    const premium = ((above - below) * PPB) / index;
    return Number(maxOf(-PREMIUM_MAX, minOf(premium, PREMIUM_MAX)));
  },

  fundingRatePpb(premiumSumPpb, expectedSamples, params) {
    const within = (value: bigint, limit: number) => {
      return maxOf(-BigInt(limit), minOf(value, BigInt(limit)));
    };
    const premium = BigInt(premiumSumPpb) / BigInt(expectedSamples);
    const pull = within(BigInt(params.interestPpb) - premium, params.dampenerPpb);
    return Number(within(premium + pull, params.rateCapPpb));
  },
};
