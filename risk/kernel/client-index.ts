import { allocate, release } from '../../engine/kernel/heap.js';
import { copyBytes, i32At, multiplyI32, setI32, wrapToI32 } from '../../engine/kernel/memory.js';
import { hashText } from './client-texts.js';
import {
  G_HASH_SECRET,
  G_INDEX,
  G_INDEX_USED,
  G_OLD_INDEX,
  G_OLD_LEFT,
  G_OLD_NEXT,
  I_CELLS,
  I_MASK,
  I_SHIFT,
} from './layout.js';

/**
 * Hash of account and client id → reference: open addressing, linear probing, deletion shifts back. A cell holds the hash as well,
 * so that a search, a deletion and a wider table look at no record but the one that they are after: with millions of ids
 * each would have to be fetched from memory.
 *
 * A wider table is filled a little with each new id, while the one before it is searched, too: with millions of ids, to move them
 * at once would stop the shard for longer than anything else that it does.
 */
const CELL_SHIFT: i32 = 3;
/** Reference plus one, 0: empty. */
const CELL_REF: i32 = 0;
const CELL_HASH: i32 = 4;
const FIRST_BITS: i32 = 10;
const TABLE_BYTES: i32 = 12;
/** So many cells move with each new id, or to the end of their cluster: all have moved long before the wider table is full. */
const MOVED_AT_ONCE: i32 = 32;

/**
 * Hash of an id. `text`: address of a text, 0 when the id is a number. Traders choose their ids: without the secret, which nothing but the
 * table's order depends on, some hundred accounts could make one cluster of a third of the table, and each search in it slow.
 */
export function hashOfClient(account: i32, number: f64, text: i32): i32 {
  const seed = multiplyI32(account, -2048144789) ^ i32At(G_HASH_SECRET);
  if (text !== 0) return mix(hashText(seed, text));
  const hash = mix(seed ^ wrapToI32(number));
  return number > 4294967295 ? mix(hash ^ wrapToI32(number / 4294967296)) : hash;
}

/** Whether ids may still be in the table before the present one. */
export function hasOldIndex(): boolean {
  return i32At(G_OLD_INDEX + I_CELLS) !== 0;
}

/** First cell of a table (G_INDEX, G_OLD_INDEX) that may hold an id with this hash. */
export function firstCell(table: i32, hash: i32): i32 {
  return hash >>> i32At(table + I_SHIFT);
}

/** The next cell from this one on that holds an id with this hash, −1 when none does before the end of the cluster. */
export function cellWith(table: i32, hash: i32, from: i32): i32 {
  if (i32At(table + I_CELLS) === 0) return -1;
  const mask = i32At(table + I_MASK);
  let cell = from & mask;
  while (heldIn(table, cell) !== 0) {
    if (i32At(cellAt(table, cell) + CELL_HASH) === hash) return cell;
    cell = (cell + 1) & mask;
  }
  return -1;
}

/** Reference in a cell that is not empty. */
export function refIn(table: i32, cell: i32): i32 {
  return heldIn(table, cell) - 1;
}

/** Reads the first cell that an id with this hash may have. */
export function fetchCell(hash: i32): i32 {
  return i32At(G_INDEX + I_CELLS) === 0 ? 0 : heldIn(G_INDEX, firstCell(G_INDEX, hash));
}

export function indexClient(ref: i32, hash: i32): void {
  const used = i32At(G_INDEX_USED);
  // At most 3/4 full; without a table the mask is 0.
  if ((used + 1) * 4 > (i32At(G_INDEX + I_MASK) + 1) * 3) widen();
  if (hasOldIndex()) moveSome();
  setI32(G_INDEX_USED, used + 1);
  fillCell(ref + 1, hash);
}

/** The id is in the index. */
export function unindexClient(ref: i32, hash: i32): void {
  setI32(G_INDEX_USED, i32At(G_INDEX_USED) - 1);
  if (!removeFrom(G_INDEX, ref, hash)) removeFrom(G_OLD_INDEX, ref, hash);
}

function cellAt(table: i32, cell: i32): i32 {
  return i32At(table + I_CELLS) + (cell << CELL_SHIFT);
}

function heldIn(table: i32, cell: i32): i32 {
  return i32At(cellAt(table, cell) + CELL_REF);
}

/** False when the id is not in this table. */
function removeFrom(table: i32, ref: i32, hash: i32): boolean {
  let hole = cellWith(table, hash, firstCell(table, hash));
  while (hole >= 0 && refIn(table, hole) !== ref) hole = cellWith(table, hash, hole + 1);
  if (hole < 0) return false;
  const mask = i32At(table + I_MASK);
  // Shift back every later cell of the cluster whose home is not after the hole.
  let cell = (hole + 1) & mask;
  while (heldIn(table, cell) !== 0) {
    const home = firstCell(table, i32At(cellAt(table, cell) + CELL_HASH));
    if (((cell - home) & mask) >= ((cell - hole) & mask)) {
      copyBytes(cellAt(table, hole), cellAt(table, cell), 1 << CELL_SHIFT);
      hole = cell;
    }
    cell = (cell + 1) & mask;
  }
  setI32(cellAt(table, hole) + CELL_REF, 0);
  return true;
}

function fillCell(held: i32, hash: i32): void {
  const mask = i32At(G_INDEX + I_MASK);
  let cell = firstCell(G_INDEX, hash);
  while (heldIn(G_INDEX, cell) !== 0) cell = (cell + 1) & mask;
  const at = cellAt(G_INDEX, cell);
  setI32(at + CELL_REF, held);
  setI32(at + CELL_HASH, hash);
}

/** A table with twice as many cells; those of the present one move over bit by bit. */
function widen(): void {
  while (hasOldIndex()) moveSome();
  const isFirst = i32At(G_INDEX + I_CELLS) === 0;
  const count = i32At(G_INDEX + I_MASK) + 1;
  const shift = i32At(G_INDEX + I_SHIFT);
  if (!isFirst) copyBytes(G_OLD_INDEX, G_INDEX, TABLE_BYTES);
  const wider = isFirst ? 1 << FIRST_BITS : count * 2;
  setI32(G_INDEX + I_CELLS, allocate(wider << CELL_SHIFT));
  setI32(G_INDEX + I_MASK, wider - 1);
  setI32(G_INDEX + I_SHIFT, isFirst ? 32 - FIRST_BITS : shift - 1);
  if (isFirst) return;
  // Between two clusters, so that none is ever cut in two.
  let first = 0;
  while (heldIn(G_OLD_INDEX, first) !== 0) first++;
  setI32(G_OLD_NEXT, first);
  setI32(G_OLD_LEFT, count);
}

/** Moves some cells of the table before, and gives it back after the last one. */
function moveSome(): void {
  const mask = i32At(G_OLD_INDEX + I_MASK);
  let cell = i32At(G_OLD_NEXT);
  let left = i32At(G_OLD_LEFT);
  const enough = left - MOVED_AT_ONCE;
  let held = heldIn(G_OLD_INDEX, cell);
  while (left > 0 && (left > enough || held !== 0)) {
    if (held !== 0) {
      fillCell(held, i32At(cellAt(G_OLD_INDEX, cell) + CELL_HASH));
      setI32(cellAt(G_OLD_INDEX, cell) + CELL_REF, 0);
    }
    cell = (cell + 1) & mask;
    left--;
    held = heldIn(G_OLD_INDEX, cell);
  }
  setI32(G_OLD_NEXT, cell);
  setI32(G_OLD_LEFT, left);
  if (left > 0) return;
  release(i32At(G_OLD_INDEX + I_CELLS), (mask + 1) << CELL_SHIFT);
  setI32(G_OLD_INDEX + I_CELLS, 0);
}

/** The last steps of MurmurHash3: every bit of the word counts for every bit of the hash. */
function mix(word: i32): i32 {
  let hash = word ^ (word >>> 16);
  hash = multiplyI32(hash, -2048144789);
  hash ^= hash >>> 13;
  hash = multiplyI32(hash, -1028477387);
  return hash ^ (hash >>> 16);
}
