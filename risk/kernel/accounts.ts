import { allocate, release } from '../../engine/kernel/heap.js';
import { CHUNK_BYTES } from '../../engine/kernel/layout.js';
import { copyBytes, i32At, setI32 } from '../../engine/kernel/memory.js';
import {
  A_ACTIVE,
  A_ACTIVE_HIGH,
  A_EXISTS,
  A_LIQUIDATING,
  A_STATUS,
  A_TIER_MASK,
  A_TIER_SHIFT,
  ACCOUNT_SHIFT,
  ACCOUNTS_CHUNK_SHIFT,
  ACCOUNTS_PER_CHUNK,
  G_ACCOUNT_CHUNKS,
  G_ACCOUNT_TABLE,
  M_ACTIVE_AT,
  M_ACTIVE_BIT,
} from './layout.js';

/**
 * Accounts of a margin actor. What every command needs is in 32 bytes, two to a cache line: with 100,000 accounts nearly every
 * access misses the cache, so fewer bytes are worth more than anything else here. They come in chunks of 2,048 consecutive
 * ids, found through a table, and never move.
 */

/** The account's record, also of one that does not exist; 0 when its chunk is missing. */
export function accountAt(account: i32): i32 {
  // Unsigned: a wild negative id is beyond every table.
  const chunk = account >>> ACCOUNTS_CHUNK_SHIFT;
  if (chunk >= i32At(G_ACCOUNT_CHUNKS)) return 0;
  const records = i32At(i32At(G_ACCOUNT_TABLE) + (chunk << 2));
  return records === 0 ? 0 : records + ((account & (ACCOUNTS_PER_CHUNK - 1)) << ACCOUNT_SHIFT);
}

/** The account's record, 0 when the account does not exist. */
export function findAccount(account: i32): i32 {
  const record = accountAt(account);
  return record !== 0 && (i32At(record + A_STATUS) & A_EXISTS) !== 0 ? record : 0;
}

/** As `findAccount`, but 0 also for an account that is being liquidated: it may do next to nothing. */
export function findTrader(account: i32): i32 {
  const record = accountAt(account);
  if (record === 0) return 0;
  return (i32At(record + A_STATUS) & (A_EXISTS | A_LIQUIDATING)) === A_EXISTS ? record : 0;
}

/** The account's record, made when its chunk is missing. It does not make the account exist. */
export function openAccount(account: i32): i32 {
  const known = accountAt(account);
  if (known !== 0) return known;
  const chunk = account >>> ACCOUNTS_CHUNK_SHIFT;
  if (chunk >= i32At(G_ACCOUNT_CHUNKS)) widenTable(chunk + 1);
  setI32(i32At(G_ACCOUNT_TABLE) + (chunk << 2), allocate(CHUNK_BYTES));
  return accountAt(account);
}

export function tierOfAccount(record: i32): i32 {
  return (i32At(record + A_STATUS) >>> A_TIER_SHIFT) & A_TIER_MASK;
}

/** The account has a position or open orders in the market of this block. */
export function setActive(record: i32, block: i32): void {
  const at = record + i32At(block + M_ACTIVE_AT);
  setI32(at, i32At(at) | i32At(block + M_ACTIVE_BIT));
}

export function clearActive(record: i32, block: i32): void {
  const at = record + i32At(block + M_ACTIVE_AT);
  setI32(at, i32At(at) & ~i32At(block + M_ACTIVE_BIT));
}

/** Whether the account has positions or orders in this market and in no other. */
export function isActiveOnlyIn(record: i32, block: i32): boolean {
  const at = i32At(block + M_ACTIVE_AT);
  const other = A_ACTIVE + A_ACTIVE_HIGH - at;
  return i32At(record + at) === i32At(block + M_ACTIVE_BIT) && i32At(record + other) === 0;
}

function widenTable(chunks: i32): void {
  const old = i32At(G_ACCOUNT_CHUNKS);
  let wider = old === 0 ? 16 : old;
  while (wider < chunks) wider *= 2;
  const to = allocate(wider << 2);
  const from = i32At(G_ACCOUNT_TABLE);
  if (old !== 0) copyBytes(to, from, old << 2);
  setI32(G_ACCOUNT_TABLE, to);
  setI32(G_ACCOUNT_CHUNKS, wider);
  // Last: until then others may read through it.
  if (old !== 0) release(from, old << 2);
}
