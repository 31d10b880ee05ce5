import { forEachDifference, type Levels } from '../../feeds/level-differences.js';

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
  forEachDifference(before, after, order, (priceTicks, lotsBefore, lots) => {
    if (lots === 0) gone.push({ action: UPDATE_DELETE, priceTicks, lots });
    else there.push({ action: lotsBefore === 0 ? UPDATE_NEW : UPDATE_CHANGE, priceTicks, lots });
  });
  return gone.concat(there);
}
