/** Levels of one side as a book gives them: price and lots alternating, best first. */
export type Levels = readonly number[];

/**
 * Tells of each level in which two lists differ, best first: its lots in the one and in the other, 0 where it is not there. `order`: 1
 * where lower prices are better, −1 where higher ones are. One walk over both: lists may have tens of thousands of levels.
 */
export function forEachDifference(
  before: Levels,
  after: Levels,
  order: 1 | -1,
  tell: (priceTicks: number, lotsBefore: number, lots: number) => void,
): void {
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = i < before.length ? (before[i] as number) * order : Number.POSITIVE_INFINITY;
    const next = j < after.length ? (after[j] as number) * order : Number.POSITIVE_INFINITY;
    const lotsBefore = old <= next ? (before[i + 1] as number) : 0;
    const lots = next <= old ? (after[j + 1] as number) : 0;
    if (lotsBefore !== lots) tell(Math.min(old, next) * order, lotsBefore, lots);
    if (old <= next) i += 2;
    if (next <= old) j += 2;
  }
}
