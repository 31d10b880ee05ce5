import { allocate, release } from './heap.js';
import {
  B_ROW_CHUNKS,
  B_ROW_TABLE,
  N_NEXT,
  R_NODE,
  ROW_BYTES,
  ROW_SHIFT,
  ROWS_CHUNK_SHIFT,
  ROWS_PER_CHUNK,
  SETTLED_BYTES,
  SETTLED_SHIFT,
} from './layout.js';
import { openList } from './lists.js';
import { copyBytes, i32At, setI32 } from './memory.js';
import { listNodeOf, orderOfListNode } from './orders.js';

/**
 * Account rows of one market: 64 bytes for each account, which position, reservations and the list of open orders share,
 * because an order touches all of them and with many accounts each line is fetched from memory. Rows come in chunks of 1,024
 * consecutive account ids, found through a table, and never move; a chunk exists once one of its accounts has
 * traded or placed.
 */

/** The account's row, 0 when its chunk does not exist: then it has nothing here. */
export function rowOf(book: i32, account: i32): i32 {
  const chunk = account >>> ROWS_CHUNK_SHIFT;
  if (chunk >= i32At(book + B_ROW_CHUNKS)) return 0;
  const rows = i32At(i32At(book + B_ROW_TABLE) + (chunk << 3));
  return rows === 0 ? 0 : rows + ((account & (ROWS_PER_CHUNK - 1)) << ROW_SHIFT);
}

/** The account's row, made when it does not exist. */
export function openRow(book: i32, account: i32): i32 {
  const row = rowOf(book, account);
  return row !== 0 ? row : makeRow(book, account);
}

/** What was settled for the account, 0 when it has no row. */
export function settledOf(book: i32, account: i32): i32 {
  const chunk = account >>> ROWS_CHUNK_SHIFT;
  if (chunk >= i32At(book + B_ROW_CHUNKS)) return 0;
  const records = i32At(i32At(book + B_ROW_TABLE) + (chunk << 3) + 4);
  return records === 0 ? 0 : records + ((account & (ROWS_PER_CHUNK - 1)) << SETTLED_SHIFT);
}

function makeRow(book: i32, account: i32): i32 {
  const chunk = account >>> ROWS_CHUNK_SHIFT;
  if (chunk >= i32At(book + B_ROW_CHUNKS)) widenTable(book, chunk + 1);
  const entry = i32At(book + B_ROW_TABLE) + (chunk << 3);
  const rows = allocate(ROWS_PER_CHUNK * ROW_BYTES);
  for (let i = 0; i < ROWS_PER_CHUNK; i++) openList(rows + (i << ROW_SHIFT) + R_NODE);
  setI32(entry, rows);
  setI32(entry + 4, allocate(ROWS_PER_CHUNK * SETTLED_BYTES));
  return rowOf(book, account);
}

function widenTable(book: i32, chunks: i32): void {
  const old = i32At(book + B_ROW_CHUNKS);
  let wider = old === 0 ? 1 : old;
  while (wider < chunks) wider *= 2;
  const to = allocate(wider << 3);
  const from = i32At(book + B_ROW_TABLE);
  if (old !== 0) copyBytes(to, from, old << 3);
  setI32(book + B_ROW_TABLE, to);
  setI32(book + B_ROW_CHUNKS, wider);
  // Last: threads that sweep may still read through it.
  if (old !== 0) release(from, old << 3);
}

/** The account's newest open order, 0 for none. */
export function newestOf(row: i32): i32 {
  const node = i32At(row + R_NODE + N_NEXT);
  return node === row + R_NODE ? 0 : orderOfListNode(node);
}

/** The account's next older open order, 0 for none. */
export function olderOf(row: i32, order: i32): i32 {
  const node = i32At(listNodeOf(order) + N_NEXT);
  return node === row + R_NODE ? 0 : orderOfListNode(node);
}
