import { R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { A_ACTIVE, A_COLLATERAL, G_MARKETS, M_MARK } from './layout.js';
import { unrealizedAt } from './requirement.js';
import { maintenanceOf } from './tiers.js';

/** Equity of the account if all marks moved by so many percent, micro-USD; each position rounded down. */
export function stressedEquity(account: i32, record: i32, percent: i32): f64 {
  let equity = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
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
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const size: f64 = Math.abs(f64At(rowOf(block, account) + R_POSITION));
      margin += maintenanceOf(block, size * movedMark(block, percent));
    }
  }
  return margin;
}

/** In ticks: rounded down, at least one. */
function movedMark(block: i32, percent: i32): f64 {
  const moved: f64 = Math.floor((i32At(block + M_MARK) * (100.0 + percent)) / 100);
  return moved < 1 ? 1 : moved;
}
