interface Keyed {
  key: number;
  timeMs: number;
}

/**
 * The first key whose row is not before a time; one more than the last key when all are. Keys are in the order of time, so it is found by
 * halving, in some fifty looks at most, and no table needs an index of times. `next` gives the row with the lowest key from one on.
 */
export function firstKeyFrom(timeMs: number, next: (key: number) => unknown): number {
  let low = 0;
  let high = 1;
  // How far the keys reach is not known.
  for (;;) {
    const row = next(high) as Keyed | undefined;
    if (row === undefined || row.timeMs >= timeMs) break;
    low = row.key + 1;
    high = low * 2;
  }
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const row = next(middle) as Keyed | undefined;
    if (row === undefined || row.timeMs >= timeMs) high = middle;
    else low = row.key + 1;
  }
  return low;
}
