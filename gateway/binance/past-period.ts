/** Which part of a list is wanted. */
export interface Period {
  /** Both inclusive. */
  fromMs: number;
  toMs: number;
  /** So many at most: the newest, or the oldest. */
  limit: number;
  newest: boolean;
}

export function isWithin({ fromMs, toMs }: Period, timeMs: number): boolean {
  return timeMs >= fromMs && timeMs <= toMs;
}

/** Of a list whose oldest is first. */
export function newestOrOldest<Item>(list: Item[], { limit, newest }: Period): Item[] {
  return newest ? list.slice(-limit) : list.slice(0, limit);
}
