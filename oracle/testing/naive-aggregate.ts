import type { Aggregate, Candidate, LeftOut } from '../index/aggregate.js';
import type { IndexGuards } from '../index/guards.js';

/** The same rules, word for word, in bigints and without a thought for speed: the twin of `aggregate`. */
export function naiveAggregate(
  candidates: readonly Candidate[],
  nowMs: number,
  guards: IndexGuards,
): Aggregate {
  const leftOut: (LeftOut | null)[] = [];
  for (const { priceMilliTicks, confidenceMilliTicks, publishTimeMs } of candidates) {
    const age = nowMs - publishTimeMs;
    const widest = share(priceMilliTicks, guards.confidenceMaxPpm);
    let found: LeftOut | null = null;
    if (guards.confidenceMaxPpm > 0 && BigInt(confidenceMilliTicks) > widest) {
      found = { doubt: 'too_uncertain', value: confidenceMilliTicks, limit: Number(widest) };
    }
    if (guards.aheadMaxMs > 0 && publishTimeMs > nowMs + guards.aheadMaxMs) {
      found = { doubt: 'from_the_future', value: -age, limit: guards.aheadMaxMs };
    }
    if (guards.ageMaxMs > 0 && publishTimeMs < nowMs - guards.ageMaxMs) {
      found = { doubt: 'too_old', value: age, limit: guards.ageMaxMs };
    }
    leftOut.push(found);
  }
  const first = usedOf(candidates, leftOut);
  if (first.length > 0 && guards.deviationMaxPpm > 0) {
    const median = medianOf(first.map((one) => BigInt(one.priceMilliTicks)));
    const limit = share(Number(median), guards.deviationMaxPpm);
    for (let i = 0; i < candidates.length; i++) {
      if (leftOut[i] !== null) continue;
      const distance = BigInt((candidates[i] as Candidate).priceMilliTicks) - median;
      const value = distance < 0n ? -distance : distance;
      if (value > limit) {
        leftOut[i] = { doubt: 'too_far_from_median', value: Number(value), limit: Number(limit) };
      }
    }
  }
  const used = usedOf(candidates, leftOut);
  if (used.length === 0 || used.length < guards.sourcesMin) {
    return { leftOut, used: used.length, index: null };
  }
  const index = {
    priceMilliTicks: Number(medianOf(used.map((one) => BigInt(one.priceMilliTicks)))),
    confidenceMilliTicks: ranked(used.map((one) => one.confidenceMilliTicks)).upper,
    publishTimeMs: ranked(used.map((one) => one.publishTimeMs)).lower,
  };
  return { leftOut, used: used.length, index };
}

function usedOf(candidates: readonly Candidate[], leftOut: readonly (LeftOut | null)[]) {
  return candidates.filter((_, i) => leftOut[i] === null);
}

function share(value: number, ppm: number): bigint {
  return (BigInt(value) * BigInt(ppm)) / 1_000_000n;
}

function medianOf(prices: bigint[]): bigint {
  const { lower, upper } = ranked(prices.map(Number));
  return (BigInt(lower) + BigInt(upper)) / 2n;
}

/** The middle two, found by counting how many lie below: for an odd number they are the same. */
function ranked(values: readonly number[]): { lower: number; upper: number } {
  const at = (rank: number): number => {
    const found = values.find((value) => {
      const below = values.filter((other) => other < value).length;
      const notAbove = values.filter((other) => other <= value).length;
      return below <= rank && rank < notAbove;
    });
    return found as number;
  };
  const { length } = values;
  return { lower: at(Math.ceil(length / 2) - 1), upper: at(Math.floor(length / 2)) };
}
