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

/** What turns one list of levels into another. */
export function levelChanges(before: Levels, after: Levels): LevelChange[] {
  const old = new Map<number, number>();
  for (let i = 0; i < before.length; i += 2) old.set(before[i] as number, before[i + 1] as number);
  const changes: LevelChange[] = [];
  for (let i = 0; i < after.length; i += 2) {
    const priceTicks = after[i] as number;
    const lots = after[i + 1] as number;
    const known = old.get(priceTicks);
    old.delete(priceTicks);
    if (known === lots) continue;
    changes.push({ action: known === undefined ? UPDATE_NEW : UPDATE_CHANGE, priceTicks, lots });
  }
  for (const priceTicks of old.keys()) {
    // First, so that a reader with room for so many levels never has more.
    changes.unshift({ action: UPDATE_DELETE, priceTicks, lots: 0 });
  }
  return changes;
}
