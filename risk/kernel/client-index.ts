import { allocate, release } from '../../engine/kernel/heap.js';
import { i32At, multiplyI32, setI32, wrapToI32 } from '../../engine/kernel/memory.js';
import { hashText } from './client-texts.js';
import {
  G_CLIENT_CELLS,
  G_CLIENT_CELLS_MASK,
  G_CLIENT_CELLS_SHIFT,
  G_CLIENT_CELLS_USED,
} from './layout.js';

/**
 * Hash of account and client id → reference: open addressing, linear probing, deletion shifts back. A cell holds the hash as well,
 * so that a search, a deletion and a wider table look at no record but the one that they are after: with millions of ids
 * each would have to be fetched from memory.
 */
const CELL_SHIFT: i32 = 3;
/** Reference plus one, 0: empty. */
const CELL_REF: i32 = 0;
const CELL_HASH: i32 = 4;
const FIRST_BITS: i32 = 10;

/** Hash of an id. `text`: address of a text, 0 when the id is a number. */
export function hashOfClient(account: i32, number: f64, text: i32): i32 {
  const seed = multiplyI32(account, -2048144789);
  if (text !== 0) return mix(hashText(seed, text));
  const hash = mix(seed ^ wrapToI32(number));
  return number > 4294967295 ? mix(hash ^ wrapToI32(number / 4294967296)) : hash;
}

/** First cell that may hold an id with this hash. */
export function firstCell(hash: i32): i32 {
  return hash >>> i32At(G_CLIENT_CELLS_SHIFT);
}

/** The next cell from this one on that holds an id with this hash, −1 when none does before the end of the cluster. */
export function cellWith(hash: i32, from: i32): i32 {
  const cells = i32At(G_CLIENT_CELLS);
  if (cells === 0) return -1;
  const mask = i32At(G_CLIENT_CELLS_MASK);
  let cell = from & mask;
  let at = cells + (cell << CELL_SHIFT);
  while (i32At(at + CELL_REF) !== 0) {
    if (i32At(at + CELL_HASH) === hash) return cell;
    cell = (cell + 1) & mask;
    at = cells + (cell << CELL_SHIFT);
  }
  return -1;
}

/** Reference in a cell that is not empty. */
export function refIn(cell: i32): i32 {
  return i32At(i32At(G_CLIENT_CELLS) + (cell << CELL_SHIFT) + CELL_REF) - 1;
}

/** Reads the first cell that an id with this hash may have. */
export function fetchCell(hash: i32): i32 {
  const cells = i32At(G_CLIENT_CELLS);
  return cells === 0 ? 0 : i32At(cells + (firstCell(hash) << CELL_SHIFT));
}

export function indexClient(ref: i32, hash: i32): void {
  const used = i32At(G_CLIENT_CELLS_USED);
  // At most 3/4 full; without a table the mask is 0.
  if ((used + 1) * 4 > (i32At(G_CLIENT_CELLS_MASK) + 1) * 3) widenCells();
  setI32(G_CLIENT_CELLS_USED, used + 1);
  fillCell(ref + 1, hash);
}

/** The id is in the index. */
export function unindexClient(ref: i32, hash: i32): void {
  const cells = i32At(G_CLIENT_CELLS);
  const mask = i32At(G_CLIENT_CELLS_MASK);
  const shift = i32At(G_CLIENT_CELLS_SHIFT);
  let hole = hash >>> shift;
  while (i32At(cells + (hole << CELL_SHIFT) + CELL_REF) !== ref + 1) hole = (hole + 1) & mask;
  setI32(G_CLIENT_CELLS_USED, i32At(G_CLIENT_CELLS_USED) - 1);
  // Shift back every later cell of the cluster whose home is not after the hole.
  let cell = (hole + 1) & mask;
  let at = cells + (cell << CELL_SHIFT);
  while (i32At(at + CELL_REF) !== 0) {
    const home = i32At(at + CELL_HASH) >>> shift;
    if (((cell - home) & mask) >= ((cell - hole) & mask)) {
      setI32(cells + (hole << CELL_SHIFT) + CELL_REF, i32At(at + CELL_REF));
      setI32(cells + (hole << CELL_SHIFT) + CELL_HASH, i32At(at + CELL_HASH));
      hole = cell;
    }
    cell = (cell + 1) & mask;
    at = cells + (cell << CELL_SHIFT);
  }
  setI32(cells + (hole << CELL_SHIFT) + CELL_REF, 0);
}

function fillCell(held: i32, hash: i32): void {
  const cells = i32At(G_CLIENT_CELLS);
  const mask = i32At(G_CLIENT_CELLS_MASK);
  let cell = hash >>> i32At(G_CLIENT_CELLS_SHIFT);
  while (i32At(cells + (cell << CELL_SHIFT) + CELL_REF) !== 0) cell = (cell + 1) & mask;
  setI32(cells + (cell << CELL_SHIFT) + CELL_REF, held);
  setI32(cells + (cell << CELL_SHIFT) + CELL_HASH, hash);
}

/** Twice as many cells; the first ones, when there are none. */
function widenCells(): void {
  const old = i32At(G_CLIENT_CELLS);
  const count = old === 0 ? 0 : i32At(G_CLIENT_CELLS_MASK) + 1;
  const wider = old === 0 ? 1 << FIRST_BITS : count * 2;
  setI32(G_CLIENT_CELLS, allocate(wider << CELL_SHIFT));
  setI32(G_CLIENT_CELLS_MASK, wider - 1);
  setI32(G_CLIENT_CELLS_SHIFT, old === 0 ? 32 - FIRST_BITS : i32At(G_CLIENT_CELLS_SHIFT) - 1);
  if (old === 0) return;
  for (let cell = 0; cell < count; cell++) {
    const at = old + (cell << CELL_SHIFT);
    const held = i32At(at + CELL_REF);
    if (held !== 0) fillCell(held, i32At(at + CELL_HASH));
  }
  release(old, count << CELL_SHIFT);
}

/** The last steps of MurmurHash3: every bit of the word counts for every bit of the hash. */
function mix(word: i32): i32 {
  let hash = word ^ (word >>> 16);
  hash = multiplyI32(hash, -2048144789);
  hash ^= hash >>> 13;
  hash = multiplyI32(hash, -1028477387);
  return hash ^ (hash >>> 16);
}
