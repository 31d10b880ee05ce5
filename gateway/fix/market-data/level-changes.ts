/** Levels of one side as a book gives them: price and lots alternating, best first. */
export type Levels = readonly number[];

/** MDUpdateAction. */
export const UPDATE_NEW = 0;
export const UPDATE_CHANGE = 1;
export const UPDATE_DELETE = 2;

export interface LevelChange {
  readonly action: number;
  readonly priceTicks: number;
  /** Of a level that is gone: 0. */
  readonly lots: number;
}

/**
 * What turns one list of levels into another: first what is gone, so that a reader with room for so many levels never has more, then what
 * is new or has changed, best first. `order`: 1 where lower prices are better, −1 where higher ones are.
 */
export function levelChanges(before: Levels, after: Levels, order: 1 | -1): LevelChange[] {
  const gone: LevelChange[] = [];
  const there: LevelChange[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = i < before.length ? (before[i] as number) * order : Number.POSITIVE_INFINITY;
    const next = j < after.length ? (after[j] as number) * order : Number.POSITIVE_INFINITY;
    if (old < next) {
      gone.push({ action: UPDATE_DELETE, priceTicks: before[i] as number, lots: 0 });
      i += 2;
      continue;
    }
    const lots = after[j + 1] as number;
    if (old > next || before[i + 1] !== lots) {
      const action = old > next ? UPDATE_NEW : UPDATE_CHANGE;
      there.push({ action, priceTicks: after[j] as number, lots });
    }
    if (old === next) i += 2;
    j += 2;
  }
  return gone.concat(there);
}
