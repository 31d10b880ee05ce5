import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { findAccount } from './accounts.js';
import { isPositionBelow } from './isolated.js';
import { A_COLLATERAL, A_LIQUIDATING, A_STATUS, G_MARKETS, M_GUARDS } from './layout.js';
import { crossMarkets, isolatedMarkets, isPurseLiquidating, purseOf } from './purses.js';
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

/**
 * Whether equity is below maintenance margin in cross margin, on prices that are trusted. Who has no position and owes something is, too.
 */
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
 * Whether the account's position in this market has to be liquidated and is not yet: alone where it is isolated, with all the others
 * where it is not.
 */
export function isNewlyBelow(block: i32, row: i32, account: i32): boolean {
  const record = findAccount(account);
  if (record === 0) return false;
  const purse = purseOf(block, account, record);
  if (purse === 0) return isAccountNewlyBelow(account, record);
  if (isPurseLiquidating(purse) || i32At(block + M_GUARDS) !== 0) return false;
  return isPositionBelow(block, row, purse);
}

/** As `isNewlyBelow`, for all that is not isolated. */
export function isAccountNewlyBelow(account: i32, record: i32): boolean {
  if ((i32At(record + A_STATUS) & A_LIQUIDATING) !== 0) return false;
  return isBelowMargin(account, record);
}

/** Whether anything of the account has to be liquidated and is not yet. For those of whom a market is isolated. */
export function isAnythingNewlyBelow(account: i32, record: i32): boolean {
  if (isAccountNewlyBelow(account, record)) return true;
  for (let half = 0; half < 2; half++) {
    let isolated = isolatedMarkets(account, record, half);
    while (isolated !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(isolated)) << 2));
      isolated &= isolated - 1;
      if (isNewlyBelow(block, rowOf(block, account), account)) return true;
    }
  }
  return false;
}
