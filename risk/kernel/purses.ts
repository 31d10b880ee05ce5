import { pushEvent, setWord } from '../../engine/kernel/events.js';
import { allocate, release } from '../../engine/kernel/heap.js';
import { B_HEAD, ROWS_CHUNK_SHIFT, ROWS_PER_CHUNK } from '../../engine/kernel/layout.js';
import { copyBytes, f64At, i32At, lowestBit, setF64, setI32 } from '../../engine/kernel/memory.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import { EVENT_SLOTS, EW_CLIENT_REF, W_ACCOUNT, W_HEAD } from '../../engine/messages/layout.js';
import { EVT_POSITION_MARGIN } from '../../engine/messages/types.js';
import {
  A_ACTIVE,
  A_COLLATERAL,
  A_ISOLATES,
  A_STATUS,
  G_MARKETS,
  G_MOVED_ACCOUNT,
  G_MOVED_BLOCK,
  M_PURSE_CHUNKS,
  M_PURSE_TABLE,
  MARKETS_MAX,
  N_COLLATERAL,
  N_FLAGS,
  PURSE_IS_OPEN,
  PURSE_LIQUIDATING,
  PURSE_SHIFT,
  PURSE_TOLD,
} from './layout.js';

/**
 * Collateral of isolated positions: 16 bytes for each account in a market, in chunks of 1,024 accounts, which exist once one of them
 * has isolated its margin there. A bit in the account's record says whether any of its markets is isolated, so that everybody
 * else pays one comparison on a word that is at hand.
 */

/** The account's record in this market, 0 when its chunk does not exist. It may not be open. */
function purseAt(block: i32, account: i32): i32 {
  const chunk = account >>> ROWS_CHUNK_SHIFT;
  if (chunk >= i32At(block + M_PURSE_CHUNKS)) return 0;
  const purses = i32At(i32At(block + M_PURSE_TABLE) + (chunk << 2));
  return purses === 0 ? 0 : purses + ((account & (ROWS_PER_CHUNK - 1)) << PURSE_SHIFT);
}

/** The collateral of the account's isolated position in this market; 0 when its margin there is cross. `record`: of the account. */
export function purseOf(block: i32, account: i32, record: i32): i32 {
  if ((i32At(record + A_STATUS) & A_ISOLATES) === 0) return 0;
  const purse = purseAt(block, account);
  return purse !== 0 && (i32At(purse + N_FLAGS) & PURSE_IS_OPEN) !== 0 ? purse : 0;
}

/** Margin of the account in this market is isolated from now on. */
export function openPurse(block: i32, account: i32, record: i32): i32 {
  const chunk = account >>> ROWS_CHUNK_SHIFT;
  if (chunk >= i32At(block + M_PURSE_CHUNKS)) widenTable(block, chunk + 1);
  const entry = i32At(block + M_PURSE_TABLE) + (chunk << 2);
  if (i32At(entry) === 0) setI32(entry, allocate(ROWS_PER_CHUNK << PURSE_SHIFT));
  const purse = purseAt(block, account);
  setI32(purse + N_FLAGS, i32At(purse + N_FLAGS) | PURSE_IS_OPEN);
  setI32(record + A_STATUS, i32At(record + A_STATUS) | A_ISOLATES);
  return purse;
}

/** Margin of the account in this market, where it has nothing, is cross from now on. Cash that nobody counts any more would be lost. */
export function closePurse(block: i32, account: i32, record: i32): void {
  const purse = purseAt(block, account);
  moveToPurse(record, purse, 0 - f64At(purse + N_COLLATERAL));
  setI32(purse + N_FLAGS, i32At(purse + N_FLAGS) & ~PURSE_IS_OPEN);
  for (let index = 0; index < MARKETS_MAX; index++) {
    const other = i32At(G_MARKETS + (index << 2));
    if (other !== 0 && purseOf(other, account, record) !== 0) return;
  }
  setI32(record + A_STATUS, i32At(record + A_STATUS) & ~A_ISOLATES);
}

export function isPurseLiquidating(purse: i32): boolean {
  return (i32At(purse + N_FLAGS) & PURSE_LIQUIDATING) !== 0;
}

export function setPurseLiquidating(purse: i32, isLiquidating: boolean): void {
  const flags = i32At(purse + N_FLAGS) & ~PURSE_LIQUIDATING;
  setI32(purse + N_FLAGS, isLiquidating ? flags | PURSE_LIQUIDATING : flags);
}

/** Cash from the account to the position, negative: back. */
export function moveToPurse(record: i32, purse: i32, microUsd: f64): void {
  setF64(record + A_COLLATERAL, f64At(record + A_COLLATERAL) - microUsd);
  setF64(purse + N_COLLATERAL, f64At(purse + N_COLLATERAL) + microUsd);
}

/** Markets in which the account has something and its margin is cross: bits of one half of its active set. */
export function crossMarkets(account: i32, record: i32, half: i32): i32 {
  const active = i32At(record + A_ACTIVE + (half << 2));
  if ((i32At(record + A_STATUS) & A_ISOLATES) === 0) return active;
  return active & ~isolatedMarkets(account, record, half);
}

/** Of those in which it has something, the ones where its margin is isolated. */
export function isolatedMarkets(account: i32, record: i32, half: i32): i32 {
  if ((i32At(record + A_STATUS) & A_ISOLATES) === 0) return 0;
  let active = i32At(record + A_ACTIVE + (half << 2));
  let isolated = 0;
  while (active !== 0) {
    const bit = lowestBit(active);
    active &= active - 1;
    const block = i32At(G_MARKETS + (((half << 5) + bit) << 2));
    if (purseOf(block, account, record) !== 0) isolated |= 1 << bit;
  }
  return isolated;
}

/** The collateral of this position has moved: who settles the event has to tell of it when the event is done. */
export function noteMoved(block: i32, account: i32): void {
  setI32(G_MOVED_BLOCK, block);
  setI32(G_MOVED_ACCOUNT, account);
}

/**
 * EVT_POSITION_MARGIN behind all other events, unless one waits there already: it gets its figures and its number when its turn
 * comes, so one is enough for all fills of a message.
 */
export function tellMoved(): void {
  const block = i32At(G_MOVED_BLOCK);
  const account = i32At(G_MOVED_ACCOUNT);
  setI32(G_MOVED_BLOCK, 0);
  const purse = purseAt(block, account);
  if ((i32At(purse + N_FLAGS) & PURSE_TOLD) !== 0) return;
  setI32(purse + N_FLAGS, i32At(purse + N_FLAGS) | PURSE_TOLD);
  const event = pushEvent(EVENT_SLOTS);
  setWord(event, W_HEAD, EVT_POSITION_MARGIN | (EVENT_SLOTS << 8) | i32At(block + B_HEAD));
  setWord(event, W_ACCOUNT, account);
  setWord(event, EW_CLIENT_REF, NO_CLIENT_REF);
}

function widenTable(block: i32, chunks: i32): void {
  const old = i32At(block + M_PURSE_CHUNKS);
  let wider = old === 0 ? 1 : old;
  while (wider < chunks) wider *= 2;
  const to = allocate(wider << 2);
  if (old !== 0) {
    copyBytes(to, i32At(block + M_PURSE_TABLE), old << 2);
    release(i32At(block + M_PURSE_TABLE), old << 2);
  }
  setI32(block + M_PURSE_TABLE, to);
  setI32(block + M_PURSE_CHUNKS, wider);
}
