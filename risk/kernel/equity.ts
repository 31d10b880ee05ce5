import { H_TAKER_PPM } from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { tierOfAccount } from './accounts.js';
import { A_ACTIVE, A_COLLATERAL, G_MARKETS } from './layout.js';
import { initialMargin, unrealized } from './requirement.js';

/**
 * Equity − initial margin over all markets of a cross-margin account, micro-USD. Equity = collateral + unrealised profit
 * and loss at the mark. Negative: no order that raises the requirement is let in.
 */
export function freeCollateral(account: i32, record: i32): f64 {
  return freeOf(account, record, true);
}

/** As above, but without unrealised profit, which is not money: what may be withdrawn at most. */
export function withdrawable(account: i32, record: i32): f64 {
  const free = freeOf(account, record, false);
  const collateral = f64At(record + A_COLLATERAL);
  return free < collateral ? free : collateral;
}

/** Rate in ppm that the account pays as a taker. */
export function takerPpmOf(record: i32): i32 {
  return i32At(H_TAKER_PPM + (tierOfAccount(record) << 2));
}

function freeOf(account: i32, record: i32, countProfit: boolean): f64 {
  const takerPpm = takerPpmOf(record);
  let free = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const bit = lowestBit(active);
      active &= active - 1;
      const block = i32At(G_MARKETS + (((half << 5) + bit) << 2));
      const row = rowOf(block, account);
      const profit = unrealized(block, row);
      if (countProfit || profit < 0) free += profit;
      free -= initialMargin(block, row, takerPpm);
    }
  }
  return free;
}
