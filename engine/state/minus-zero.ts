/**
 * A number from outside as it may go into the state. −0 equals 0 in every rule and in every hash, but its bytes differ: events that
 * show it would be others after a snapshot, which knows only 0.
 */
export function withoutMinusZero(value: number): number {
  return value + 0;
}
