/** One byte for each type a message can have, 1 for those named: which is asked of every message on the hot path. */
export function typeSet(types: readonly number[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const type of types) set[type] = 1;
  return set;
}
