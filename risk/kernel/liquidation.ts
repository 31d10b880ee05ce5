import { R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { A_ACTIVE, A_COLLATERAL, G_MARKETS, M_GUARDS } from './layout.js';
import { maintenanceMargin, unrealized } from './requirement.js';
import { isFlat } from './reservation.js';

/** Collateral and unrealised profit and loss of all positions at the mark, micro-USD; each position rounded down. */
export function equityOf(account: i32, record: i32): f64 {
  let equity = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      equity += unrealized(block, rowOf(block, account));
    }
  }
  return equity;
}

/** Σ maintenance margin of all positions, micro-USD; each rounded up. */
export function maintenanceOfAccount(account: i32, record: i32): f64 {
  let margin: f64 = 0;
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      margin += maintenanceMargin(block, rowOf(block, account));
    }
  }
  return margin;
}

/**
 * Whether the account has a position, and all prices that it depends on are trusted. Rows are asked, not the active set alone: that
 * may still have a market in which nothing is left, and is no part of the state.
 */
function mayBeLiquidated(account: i32, record: i32): boolean {
  let positions: i32 = 0;
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const row = rowOf(block, account);
      if (i32At(block + M_GUARDS) !== 0 && !isFlat(row)) return false;
      if (f64At(row + R_POSITION) !== 0) positions++;
    }
  }
  return positions !== 0;
}

/**
 * Whether there is a position, and equity is below maintenance margin, on prices that are trusted. In one pass: a sweep asks it of
 * every account.
 */
export function isBelowMargin(account: i32, record: i32): boolean {
  let left = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const row = rowOf(block, account);
      left += unrealized(block, row) - maintenanceMargin(block, row);
    }
  }
  return left < 0 && mayBeLiquidated(account, record);
}
