import type { Parent } from './parent-events.js';
import { sliceTimeMs, type TwapPlan } from './twap-schedule.js';

/** A TWAP that runs. */
export interface Twap extends Parent, TwapPlan {
  /** Worst price that a slice accepts, 0: the price band's. */
  readonly priceTicks: number;
  /** The slice that comes next, 0 …; `slices` when there is none left. */
  next: number;
  /** When that is due, Infinity for never. */
  dueMs: number;
  filledLots: number;
  /** Σ price × lots, tick·lots. */
  filledValue: number;
  /** A slice is on its way: to its home for its margin, or back. */
  isUnderWay: boolean;
}

export function dueTimeMs(twap: Twap): number {
  return twap.next < twap.slices ? sliceTimeMs(twap, twap.next) : Number.POSITIVE_INFINITY;
}
