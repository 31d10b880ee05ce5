import { allocate, release } from '../../engine/kernel/heap.js';
import { copyBytes, i32At, setI32 } from '../../engine/kernel/memory.js';
import { clientAt } from './client-records.js';
import {
  C_NEXT,
  CLOSED_CHUNK_SHIFT,
  CLOSED_PER_CHUNK,
  CLOSED_SHIFT,
  G_CLOSED_CHUNKS,
  G_CLOSED_TABLE,
  Q_COUNT,
  Q_FIRST,
  Q_LAST,
} from './layout.js';

/**
 * Each account's closed orders with a client id, oldest first, as a list through their records. Its two ends are in 16 bytes,
 * found like accounts through a table of chunks; apart from them, because only the end of an order needs these.
 */

/** The account's list, 0 when its chunk is missing: then it is empty. */
export function closedOf(account: i32): i32 {
  const chunk = account >>> CLOSED_CHUNK_SHIFT;
  if (chunk >= i32At(G_CLOSED_CHUNKS)) return 0;
  const lists = i32At(i32At(G_CLOSED_TABLE) + (chunk << 2));
  return lists === 0 ? 0 : lists + ((account & (CLOSED_PER_CHUNK - 1)) << CLOSED_SHIFT);
}

/** Reads what `linkClosed` needs. */
export function fetchLastClosed(account: i32): i32 {
  const list = closedOf(account);
  const last = list === 0 ? 0 : i32At(list + Q_LAST);
  return last === 0 ? 0 : i32At(clientAt(last - 1) + C_NEXT);
}

/** Puts an id last. Returns the list. */
export function linkClosed(account: i32, ref: i32): i32 {
  const known = closedOf(account);
  const list = known !== 0 ? known : addChunk(account);
  const last = i32At(list + Q_LAST);
  if (last === 0) setI32(list + Q_FIRST, ref + 1);
  else setI32(clientAt(last - 1) + C_NEXT, ref + 1);
  setI32(list + Q_LAST, ref + 1);
  setI32(list + Q_COUNT, i32At(list + Q_COUNT) + 1);
  return list;
}

/** Takes the oldest id out; there are others. Returns its reference. */
export function unlinkOldest(list: i32): i32 {
  const ref = i32At(list + Q_FIRST) - 1;
  setI32(list + Q_FIRST, i32At(clientAt(ref) + C_NEXT));
  setI32(list + Q_COUNT, i32At(list + Q_COUNT) - 1);
  return ref;
}

function addChunk(account: i32): i32 {
  const chunk = account >>> CLOSED_CHUNK_SHIFT;
  if (chunk >= i32At(G_CLOSED_CHUNKS)) widenTable(chunk + 1);
  setI32(i32At(G_CLOSED_TABLE) + (chunk << 2), allocate(CLOSED_PER_CHUNK << CLOSED_SHIFT));
  return closedOf(account);
}

function widenTable(chunks: i32): void {
  const old = i32At(G_CLOSED_CHUNKS);
  let wider = old === 0 ? 16 : old;
  while (wider < chunks) wider *= 2;
  const to = allocate(wider << 2);
  if (old !== 0) {
    copyBytes(to, i32At(G_CLOSED_TABLE), old << 2);
    release(i32At(G_CLOSED_TABLE), old << 2);
  }
  setI32(G_CLOSED_TABLE, to);
  setI32(G_CLOSED_CHUNKS, wider);
}
