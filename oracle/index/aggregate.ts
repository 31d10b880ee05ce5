import { mulDivFloor } from '../../engine/units/mul-div.js';
import { PPM_ONE } from '../../engine/units/units.js';
import type { IndexGuards, SourceDoubt } from './guards.js';

/** What a source says of one market at this moment. */
export interface Candidate {
  priceMilliTicks: number;
  confidenceMilliTicks: number;
  publishTimeMs: number;
}

/** A source that is left out, with what it had and the limit that it broke, both in milliseconds or thousandths of a tick. */
export interface LeftOut {
  doubt: SourceDoubt;
  value: number;
  limit: number;
}

export interface Aggregate {
  /** One for each candidate, in their order; null: used. */
  leftOut: (LeftOut | null)[];
  used: number;
  /** Null: fewer sources are left than the guards want. */
  index: Candidate | null;
}

/**
 * The median of the sources that pass the guards. Pure: the same candidates, time and guards give the same answer.
 *
 * First age, future and confidence of each source alone. Then the median of those that are left, and everything farther from it than the deviation
 * guard is left out: of two sources that disagree both, because nothing says which one is right. The index is the median of the rest: of an even number the
 * mean of the middle two, rounded down to a thousandth of a tick. Its confidence is the median of theirs, of an even number the larger middle one. Its
 * publish time is the median, of an even number the older middle one, so that one source alone neither makes an index look fresh nor old.
 */
export function aggregate(
  candidates: readonly Candidate[],
  nowMs: number,
  guards: IndexGuards,
): Aggregate {
  const leftOut = candidates.map((candidate) => doubtOf(candidate, nowMs, guards));
  const alone = candidates.filter((_, i) => leftOut[i] === null);
  if (alone.length > 0 && guards.deviationMaxPpm > 0) {
    const median = medianPrice(alone);
    const limit = mulDivFloor(median, guards.deviationMaxPpm, PPM_ONE);
    candidates.forEach(({ priceMilliTicks }, i) => {
      const value = Math.abs(priceMilliTicks - median);
      if (leftOut[i] !== null || value <= limit) return;
      leftOut[i] = { doubt: 'too_far_from_median', value, limit };
    });
  }
  const kept = candidates.filter((_, i) => leftOut[i] === null);
  const isEnough = kept.length >= Math.max(1, guards.sourcesMin);
  return { leftOut, used: kept.length, index: isEnough ? indexOf(kept) : null };
}

function doubtOf(
  { priceMilliTicks, confidenceMilliTicks, publishTimeMs }: Candidate,
  nowMs: number,
  { ageMaxMs, aheadMaxMs, confidenceMaxPpm }: IndexGuards,
): LeftOut | null {
  const ageMs = nowMs - publishTimeMs;
  if (ageMaxMs > 0 && ageMs > ageMaxMs) return { doubt: 'too_old', value: ageMs, limit: ageMaxMs };
  if (aheadMaxMs > 0 && -ageMs > aheadMaxMs) {
    return { doubt: 'from_the_future', value: -ageMs, limit: aheadMaxMs };
  }
  if (confidenceMaxPpm === 0) return null;
  const widest = mulDivFloor(priceMilliTicks, confidenceMaxPpm, PPM_ONE);
  if (confidenceMilliTicks <= widest) return null;
  return { doubt: 'too_uncertain', value: confidenceMilliTicks, limit: widest };
}

function indexOf(kept: readonly Candidate[]): Candidate {
  const confidences = sorted(kept.map(({ confidenceMilliTicks }) => confidenceMilliTicks));
  const times = sorted(kept.map(({ publishTimeMs }) => publishTimeMs));
  return {
    priceMilliTicks: medianPrice(kept),
    confidenceMilliTicks: confidences[Math.floor(kept.length / 2)] as number,
    publishTimeMs: times[Math.floor((kept.length - 1) / 2)] as number,
  };
}

function medianPrice(candidates: readonly Candidate[]): number {
  const prices = sorted(candidates.map(({ priceMilliTicks }) => priceMilliTicks));
  const lower = prices[Math.floor((prices.length - 1) / 2)] as number;
  const upper = prices[Math.floor(prices.length / 2)] as number;
  return Math.floor((lower + upper) / 2);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
