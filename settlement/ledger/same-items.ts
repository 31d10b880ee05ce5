import { ConflictError } from './errors.js';
import type { ItemPack, PackStore } from './pack-store.js';
import { type StreamCursor, streamName } from './streams.js';

/**
 * Compares the items of a pack up to `lastItem`, which are kept already, with what is kept. Boundaries of packs may differ, items may
 * not: the number of an item is a function of the journal.
 *
 * @throws ConflictError naming the first item that differs, with both contents.
 */
export function checkRepeatedItems(
  store: PackStore,
  cursor: StreamCursor,
  pack: ItemPack,
  lastItem: number,
): void {
  const { kind, streamId } = cursor;
  for (let item = pack.firstItem; item <= lastItem; ) {
    const kept = store.next(kind, streamId, item - 1);
    if (kept === null) return;
    const end = Math.min(lastItem, kept.lastItem);
    for (; item <= end; item++) {
      const before = kept.pack.items[item - kept.pack.firstItem];
      const now = pack.items[item - pack.firstItem];
      if (isSame(before, now)) continue;
      throw new ConflictError(
        `item ${item} of ${streamName(kind, streamId)}`,
        show(before),
        show(now),
      );
    }
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length && keys.every((key) => isSame(left[key], right[key]))
  );
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner instanceof Uint8Array ? Buffer.from(inner).toString('hex') : inner,
  );
}
