import { R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { A_COLLATERAL, G_MARKETS, M_MARK, N_COLLATERAL } from './layout.js';
import { crossMarkets } from './purses.js';
import { unrealizedAt } from './requirement.js';
import { maintenanceOf } from './tiers.js';

/** Equity of the account in cross margin if all marks moved by so many percent, micro-USD; each position rounded down. */
export function stressedEquity(account: i32, record: i32, percent: i32): f64 {
  let equity = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      equity += unrealizedAt(block, rowOf(block, account), movedMark(block, percent));
    }
  }
  return equity;
}

/** Σ maintenance margin then, micro-USD; each rounded up. Zero: there is no position. */
export function stressedMargin(account: i32, record: i32, percent: i32): f64 {
  let margin: f64 = 0;
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const size: f64 = Math.abs(f64At(rowOf(block, account) + R_POSITION));
      margin += maintenanceOf(block, size * movedMark(block, percent));
    }
  }
  return margin;
}

/** The same of one isolated position. */
export function stressedPurse(block: i32, row: i32, purse: i32, percent: i32): f64 {
  return f64At(purse + N_COLLATERAL) + unrealizedAt(block, row, movedMark(block, percent));
}

/** Maintenance margin of one position then. */
export function stressedMarginOf(block: i32, row: i32, percent: i32): f64 {
  return maintenanceOf(block, Math.abs(f64At(row + R_POSITION)) * movedMark(block, percent));
}

/** In ticks: rounded down, at least one. */
function movedMark(block: i32, percent: i32): f64 {
  const moved: f64 = Math.floor((i32At(block + M_MARK) * (100.0 + percent)) / 100);
  return moved < 1 ? 1 : moved;
}
