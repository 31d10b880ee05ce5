import type { PricingRules } from '../../engine/market/pricing-rules.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { absOf, divFloor, maxOf, minOf } from './naive-money.js';

const PPB = 1_000_000_000n;

/** The formulas of mark price and funding in fractions of bigint, each rounded once where the product rounds. */
export const naivePricing: PricingRules = {
  markTicks({ indexTicks, basisMilliTicks, bidTicks, askTicks, lastTicks }) {
    // Everything in half thousandths of a tick, so that a mean of two is whole.
    const prices = [(BigInt(indexTicks) * 1000n + BigInt(basisMilliTicks)) * 2n];
    if (bidTicks !== 0 && askTicks !== 0) {
      prices.push(BigInt(bidTicks + askTicks) * 1000n);
      const last = BigInt(lastTicks);
      const clamped = maxOf(BigInt(bidTicks), minOf(last, BigInt(askTicks)));
      if (last !== 0n) prices.push(clamped * 2000n);
    }
    prices.sort((a, b) => (a < b ? -1 : 1));
    const [low, middle = low, high] = prices as [bigint, bigint?, bigint?];
    const median = high === undefined ? divFloor((low + middle) / 2n, 1n) : middle;
    return asPriceTicks(Number(maxOf(1n, divFloor(median, 2000n))));
  },

  average(before, value, elapsedMs, averageMs) {
    if (elapsedMs >= averageMs) return value;
    const step = (BigInt(value) - BigInt(before)) * BigInt(elapsedMs);
    const size = absOf(step) / BigInt(averageMs);
    return before + Number(step < 0n ? -size : size);
  },

  premiumPpb(indexTicks, bid, ask) {
    const index = BigInt(indexTicks);
    const share = (value: bigint, lots: number) => {
      if (lots === 0 || value <= 0n) return 0n;
      const microTicks = divFloor(value * 1_000_000n, BigInt(lots));
      if (microTicks > index * PPB) return 1000n * PPB;
      return divFloor(microTicks * 1000n, index);
    };
    const above = share(BigInt(bid.valueTickLots) - index * BigInt(bid.lots), bid.lots);
    const below = share(index * BigInt(ask.lots) - BigInt(ask.valueTickLots), ask.lots);
    return Number(above - below);
  },

  fundingRatePpb(premiumSumPpb, expectedSamples, params) {
    const within = (value: bigint, limit: number) => {
      return maxOf(-BigInt(limit), minOf(value, BigInt(limit)));
    };
    const premium = divFloor(BigInt(premiumSumPpb), BigInt(expectedSamples));
    const pull = within(BigInt(params.interestPpb) - premium, params.dampenerPpb);
    return Number(within(premium + pull, params.rateCapPpb));
  },
};
