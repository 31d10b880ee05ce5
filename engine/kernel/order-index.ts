import { allocate, release } from './heap.js';
import {
  B_CELLS,
  B_CELLS_MASK,
  B_CELLS_SHIFT,
  B_CELLS_USED,
  B_PAGE_CAPACITY,
  B_PAGE_COUNT,
  B_PAGE_FIRST_ID,
  B_PAGES,
} from './layout.js';
import {
  copyBytes,
  f64At,
  fillZero,
  i32At,
  multiplyI32,
  setF64,
  setI32,
  toI32,
  wrapToI32,
} from './memory.js';
import { idOf } from './orders.js';

/**
 * Order id → record, in two parts. Ids are given out 1, 2, 3 …, so the orders of 1,024 consecutive ids have a page of plain
 * cells: a new order's cell is next to the one before it, and nothing is searched. A page of which few orders are left would
 * waste memory; they move to a hash table (open addressing, linear probing, deletion shifts back), and the page is given back.
 */
const PAGE_SHIFT: i32 = 10;
const PAGE_CELLS: i32 = 1024;
const PAGE_BYTES: i32 = 4096;
/** A page with fewer orders than this dissolves once its last id is given out: so it costs at most 64 bytes an order. */
const PAGE_USED_MIN: i32 = 64;
/** Longest table of pages; the oldest pages dissolve before it gets longer. */
const PAGES_MAX: i32 = 65536;
/** Entry of the table of pages: address of the page (0: dissolved), orders in it. */
const ENTRY_SHIFT: i32 = 3;
const ENTRY_PAGE: i32 = 0;
const ENTRY_USED: i32 = 4;
const FIRST_BITS: i32 = 8;

export function openIndex(book: i32): void {
  setI32(book + B_CELLS, allocate(4 << FIRST_BITS));
  setI32(book + B_CELLS_MASK, (1 << FIRST_BITS) - 1);
  setI32(book + B_CELLS_SHIFT, 32 - FIRST_BITS);
}

/** The open order with this id, 0 when there is none. */
export function findOrder(book: i32, id: f64): i32 {
  const offset: f64 = id - f64At(book + B_PAGE_FIRST_ID);
  if (offset >= 0) {
    if (offset >= i32At(book + B_PAGE_COUNT) * PAGE_CELLS) return 0;
    const place = toI32(offset);
    const page = i32At(entryAt(book, place >> PAGE_SHIFT) + ENTRY_PAGE);
    if (page !== 0) return i32At(page + ((place & (PAGE_CELLS - 1)) << 2));
  }
  return findHashed(book, id);
}

/** The id is not in the index. */
export function indexOrder(book: i32, order: i32, id: f64): void {
  let offset: f64 = id - f64At(book + B_PAGE_FIRST_ID);
  if (offset >= i32At(book + B_PAGE_COUNT) * PAGE_CELLS) {
    openPage(book, id);
    offset = id - f64At(book + B_PAGE_FIRST_ID);
  }
  if (offset >= 0) {
    const place = toI32(offset);
    const entry = entryAt(book, place >> PAGE_SHIFT);
    const page = i32At(entry + ENTRY_PAGE);
    if (page !== 0) {
      setI32(page + ((place & (PAGE_CELLS - 1)) << 2), order);
      setI32(entry + ENTRY_USED, i32At(entry + ENTRY_USED) + 1);
      return;
    }
  }
  hashOrder(book, order, id);
}

export function unindexOrder(book: i32, order: i32, id: f64): void {
  const offset: f64 = id - f64At(book + B_PAGE_FIRST_ID);
  if (offset >= 0) {
    const place = toI32(offset);
    const number = place >> PAGE_SHIFT;
    const entry = entryAt(book, number);
    const page = i32At(entry + ENTRY_PAGE);
    if (page !== 0) {
      setI32(page + ((place & (PAGE_CELLS - 1)) << 2), 0);
      const used = i32At(entry + ENTRY_USED) - 1;
      setI32(entry + ENTRY_USED, used);
      if (used < PAGE_USED_MIN && number < i32At(book + B_PAGE_COUNT) - 1) dissolve(book, number);
      return;
    }
  }
  unhashOrder(book, order, id);
}

/** Bytes of the index of one book. */
export function indexBytes(book: i32): i32 {
  let bytes = (i32At(book + B_CELLS_MASK) + 1) << 2;
  bytes += i32At(book + B_PAGE_CAPACITY) << ENTRY_SHIFT;
  for (let number = 0; number < i32At(book + B_PAGE_COUNT); number++) {
    if (i32At(entryAt(book, number) + ENTRY_PAGE) !== 0) bytes += PAGE_BYTES;
  }
  return bytes;
}

function entryAt(book: i32, number: i32): i32 {
  return i32At(book + B_PAGES) + (number << ENTRY_SHIFT);
}

/** Opens the page of this id, which is behind the last page (far behind it only when a snapshot is read). */
function openPage(book: i32, id: f64): void {
  const last = i32At(book + B_PAGE_COUNT) - 1;
  if (last >= 0 && i32At(entryAt(book, last) + ENTRY_USED) < PAGE_USED_MIN) dissolve(book, last);
  dropLeadingPages(book);
  const pageId: f64 = Math.floor(id / PAGE_CELLS) * PAGE_CELLS;
  let place: f64 = (pageId - f64At(book + B_PAGE_FIRST_ID)) / PAGE_CELLS;
  while (i32At(book + B_PAGE_COUNT) > 0 && place >= PAGES_MAX) {
    dissolve(book, 0);
    dropLeadingPages(book);
    place = (pageId - f64At(book + B_PAGE_FIRST_ID)) / PAGE_CELLS;
  }
  if (i32At(book + B_PAGE_COUNT) === 0) {
    setF64(book + B_PAGE_FIRST_ID, pageId);
    place = 0;
  }
  const number = toI32(place);
  if (number >= i32At(book + B_PAGE_CAPACITY)) widenPages(book, number + 1);
  const entry = entryAt(book, number);
  setI32(entry + ENTRY_PAGE, allocate(PAGE_BYTES));
  setI32(entry + ENTRY_USED, 0);
  setI32(book + B_PAGE_COUNT, number + 1);
}

/** Dissolved pages at the front leave the table. */
function dropLeadingPages(book: i32): void {
  const count = i32At(book + B_PAGE_COUNT);
  let gone = 0;
  while (gone < count && i32At(entryAt(book, gone) + ENTRY_PAGE) === 0) gone++;
  if (gone === 0) return;
  const pages = i32At(book + B_PAGES);
  copyBytes(pages, entryAt(book, gone), (count - gone) << ENTRY_SHIFT);
  // Entries between the last page and the next one to be opened have to be empty.
  fillZero(entryAt(book, count - gone), gone << ENTRY_SHIFT);
  setI32(book + B_PAGE_COUNT, count - gone);
  setF64(book + B_PAGE_FIRST_ID, f64At(book + B_PAGE_FIRST_ID) + gone * PAGE_CELLS);
}

/** Its orders go to the hash table. */
function dissolve(book: i32, number: i32): void {
  const entry = entryAt(book, number);
  const page = i32At(entry + ENTRY_PAGE);
  if (page === 0) return;
  setI32(entry + ENTRY_PAGE, 0);
  setI32(entry + ENTRY_USED, 0);
  for (let cell = 0; cell < PAGE_CELLS; cell++) {
    const order = i32At(page + (cell << 2));
    if (order !== 0) hashOrder(book, order, idOf(order));
  }
  release(page, PAGE_BYTES);
}

function widenPages(book: i32, count: i32): void {
  const old = i32At(book + B_PAGE_CAPACITY);
  let wider = old === 0 ? 64 : old;
  while (wider < count) wider *= 2;
  const to = allocate(wider << ENTRY_SHIFT);
  if (old !== 0) {
    const from = i32At(book + B_PAGES);
    copyBytes(to, from, i32At(book + B_PAGE_COUNT) << ENTRY_SHIFT);
    release(from, old << ENTRY_SHIFT);
  }
  setI32(book + B_PAGES, to);
  setI32(book + B_PAGE_CAPACITY, wider);
}

function findHashed(book: i32, id: f64): i32 {
  const cells = i32At(book + B_CELLS);
  const mask = i32At(book + B_CELLS_MASK);
  let cell = hashOf(id) >>> i32At(book + B_CELLS_SHIFT);
  let order = i32At(cells + (cell << 2));
  while (order !== 0 && idOf(order) !== id) {
    cell = (cell + 1) & mask;
    order = i32At(cells + (cell << 2));
  }
  return order;
}

function hashOrder(book: i32, order: i32, id: f64): void {
  const used = i32At(book + B_CELLS_USED);
  // At most 3/8 full: every probe looks at another record.
  if (used * 8 >= (i32At(book + B_CELLS_MASK) + 1) * 3) widenCells(book);
  setI32(book + B_CELLS_USED, used + 1);
  fillCell(book, order, id);
}

function unhashOrder(book: i32, order: i32, id: f64): void {
  const cells = i32At(book + B_CELLS);
  const mask = i32At(book + B_CELLS_MASK);
  const shift = i32At(book + B_CELLS_SHIFT);
  let hole = hashOf(id) >>> shift;
  while (i32At(cells + (hole << 2)) !== order) hole = (hole + 1) & mask;
  setI32(book + B_CELLS_USED, i32At(book + B_CELLS_USED) - 1);
  // Shift back every later cell of the cluster whose home is not after the hole.
  let cell = (hole + 1) & mask;
  let other = i32At(cells + (cell << 2));
  while (other !== 0) {
    const home = hashOf(idOf(other)) >>> shift;
    if (((cell - home) & mask) >= ((cell - hole) & mask)) {
      setI32(cells + (hole << 2), other);
      hole = cell;
    }
    cell = (cell + 1) & mask;
    other = i32At(cells + (cell << 2));
  }
  setI32(cells + (hole << 2), 0);
}

function fillCell(book: i32, order: i32, id: f64): void {
  const cells = i32At(book + B_CELLS);
  const mask = i32At(book + B_CELLS_MASK);
  let cell = hashOf(id) >>> i32At(book + B_CELLS_SHIFT);
  while (i32At(cells + (cell << 2)) !== 0) cell = (cell + 1) & mask;
  setI32(cells + (cell << 2), order);
}

function widenCells(book: i32): void {
  const old = i32At(book + B_CELLS);
  const count = i32At(book + B_CELLS_MASK) + 1;
  setI32(book + B_CELLS, allocate(count << 3));
  setI32(book + B_CELLS_MASK, count * 2 - 1);
  setI32(book + B_CELLS_SHIFT, i32At(book + B_CELLS_SHIFT) - 1);
  for (let cell = 0; cell < count; cell++) {
    const order = i32At(old + (cell << 2));
    if (order !== 0) fillCell(book, order, idOf(order));
  }
  release(old, count << 2);
}

/** Fibonacci hashing. The id modulo 2^32; ids beyond that mix in their upper part. */
function hashOf(id: f64): i32 {
  let key = wrapToI32(id);
  if (id > 4294967295) key ^= multiplyI32(wrapToI32(id / 4294967296), -2048144789);
  return multiplyI32(key, -1640531535);
}
