import {
  B_ROW_CHUNKS,
  B_ROW_TABLE,
  R_POSITION,
  ROW_SHIFT,
  ROWS_CHUNK_SHIFT,
  ROWS_PER_CHUNK,
} from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { findAccount } from './accounts.js';
import { isPositionBelow } from './isolated.js';
import { A_COLLATERAL, A_LIQUIDATING, A_STATUS, G_MARKETS, M_GUARDS } from './layout.js';
import { crossMarkets, isPurseLiquidating, purseOf } from './purses.js';
import { maintenanceMargin, unrealized } from './requirement.js';
import { isFlat } from './reservation.js';

/** Collateral and unrealised profit and loss of all cross positions at the mark, micro-USD; each position rounded down. */
export function equityOf(account: i32, record: i32): f64 {
  let equity = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      equity += unrealized(block, rowOf(block, account));
    }
  }
  return equity;
}

/** Σ maintenance margin of all cross positions, micro-USD; each rounded up. */
export function maintenanceOfAccount(account: i32, record: i32): f64 {
  let margin: f64 = 0;
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      margin += maintenanceMargin(block, rowOf(block, account));
    }
  }
  return margin;
}

/**
 * Whether all prices that the account depends on are trusted. Rows are asked, not the active set alone: that may still have a market
 * in which nothing is left, and is no part of the state.
 */
function hasSoundPrices(account: i32, record: i32): boolean {
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      if (i32At(block + M_GUARDS) !== 0 && !isFlat(rowOf(block, account))) return false;
    }
  }
  return true;
}

/** Whether equity is below maintenance margin in cross margin, on prices that are trusted. In one pass: a sweep asks it of every account. */
export function isBelowMargin(account: i32, record: i32): boolean {
  let left = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const row = rowOf(block, account);
      left += unrealized(block, row) - maintenanceMargin(block, row);
    }
  }
  return left < 0 && hasSoundPrices(account, record);
}

/**
 * Whether the account's position in this market, whose prices are trusted, has to be liquidated and is not yet: alone where it is
 * isolated, with all the others where it is not.
 */
export function isNewlyBelow(block: i32, row: i32, account: i32): boolean {
  const record = findAccount(account);
  if (record === 0) return false;
  const purse = purseOf(block, account, record);
  if (purse !== 0) return isPositionBelow(block, row, purse) && !isPurseLiquidating(purse);
  if ((i32At(record + A_STATUS) & A_LIQUIDATING) !== 0) return false;
  return isBelowMargin(account, record);
}

/**
 * The next account behind `after` that has a position in this market, is below its margin, and is not being liquidated yet; 0 when
 * there is none. By account id, so that everybody finds them in the same order.
 */
export function nextBelowMargin(block: i32, after: i32): i32 {
  const chunks = i32At(block + B_ROW_CHUNKS);
  let account = after + 1;
  for (let chunk = account >>> ROWS_CHUNK_SHIFT; chunk < chunks; chunk++) {
    const rows = i32At(i32At(block + B_ROW_TABLE) + (chunk << 3));
    const end = (chunk + 1) << ROWS_CHUNK_SHIFT;
    if (rows === 0) account = end;
    for (; account < end; account++) {
      const row = rows + ((account & (ROWS_PER_CHUNK - 1)) << ROW_SHIFT);
      if (f64At(row + R_POSITION) === 0) continue;
      if (isNewlyBelow(block, row, account)) return account;
    }
  }
  return 0;
}
