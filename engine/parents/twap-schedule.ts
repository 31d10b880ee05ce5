import { mulDivFloor } from '../units/mul-div.js';

/** Slices that one TWAP may have; a day of one every thirty seconds. */
export const TWAP_SLICES_MAX = 2_880;
export const TWAP_DURATION_MS_MAX = 86_400_000;
/** Least time from one slice to the next. */
export const TWAP_INTERVAL_MS_MIN = 1_000;
/** A slice that makes up for others is at most so many times an ordinary one. */
export const TWAP_CATCH_UP_MAX = 3;

/** What of a TWAP its times and sizes follow from. */
export interface TwapPlan {
  startMs: number;
  durationMs: number;
  slices: number;
  totalLots: number;
}

/** When a slice (0, 1, 2 …) is due: start + duration × slice ÷ slices, rounded down. The first one is at once. */
export function sliceTimeMs({ startMs, durationMs, slices }: TwapPlan, slice: number): number {
  return startMs + Math.floor((durationMs * slice) / slices);
}

/**
 * Lots that should be filled when slices 0 … `slice` are: total × (slice + 1) ÷ slices, rounded down. So the last one makes the total, and no two
 * ordinary slices differ by more than a lot: the lots that do not divide are spread evenly.
 */
export function targetLots({ slices, totalLots }: TwapPlan, slice: number): number {
  return mulDivFloor(totalLots, slice + 1, slices);
}

/**
 * Lots of a slice: what is missing of the target, which includes what earlier ones have missed, but at most three times an ordinary slice (of that
 * the larger kind).
 */
export function sliceLots(plan: TwapPlan, slice: number, filledLots: number): number {
  const most = TWAP_CATCH_UP_MAX * Math.ceil(plan.totalLots / plan.slices);
  return Math.min(targetLots(plan, slice) - filledLots, most);
}
