import { H_TAKER_PPM } from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { tierOfAccount } from './accounts.js';
import { isolatedNeeds } from './isolated.js';
import { A_COLLATERAL, G_MARKETS } from './layout.js';
import { crossMarkets } from './purses.js';
import { initialMargin, notional, orderCosts, unrealized } from './requirement.js';

/**
 * Equity − initial margin over all markets of a cross-margin account, micro-USD. Equity = collateral + unrealised profit
 * and loss at the mark. Negative: no order that raises the requirement is let in. Isolated positions are no part of it; their
 * open orders are, as far as they ask for more than the position.
 */
export function freeCollateral(account: i32, record: i32): f64 {
  const takerPpm = takerPpmOf(record);
  let free: f64 = f64At(record + A_COLLATERAL) - isolatedNeeds(account, record, takerPpm);
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const bit = lowestBit(active);
      active &= active - 1;
      const block = i32At(G_MARKETS + (((half << 5) + bit) << 2));
      const row = rowOf(block, account);
      free += unrealized(block, row);
      free -= initialMargin(block, row, takerPpm);
    }
  }
  return free;
}

/** Equity − what all open orders would cost at once, without any initial margin of cross markets: what closing may cost. */
export function equityBehindOrders(account: i32, record: i32): f64 {
  const takerPpm = takerPpmOf(record);
  let equity: f64 = f64At(record + A_COLLATERAL) - isolatedNeeds(account, record, takerPpm);
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const row = rowOf(block, account);
      equity += unrealized(block, row) - orderCosts(block, row, takerPpm);
    }
  }
  return equity;
}

/**
 * What may be withdrawn at most: collateral + unrealised losses − max(initial margin, a tenth of the positions' notional), which
 * is negative when the account has not that much. Unrealised profit is not money; and whatever a market's rates are, who
 * leaves must not leave a position behind that nine tenths are borrowed of (risk/requirement/withdrawal.ts has sources).
 */
export function withdrawable(account: i32, record: i32): f64 {
  const takerPpm = takerPpmOf(record);
  let money = f64At(record + A_COLLATERAL);
  let margin = isolatedNeeds(account, record, takerPpm);
  // Σ notional ÷ 10 as whole tenths and a rest, because the sum of notionals may pass 2^53.
  let tenths: f64 = 0;
  let rest: f64 = 0;
  for (let half = 0; half < 2; half++) {
    let active = crossMarkets(account, record, half);
    while (active !== 0) {
      const bit = lowestBit(active);
      active &= active - 1;
      const block = i32At(G_MARKETS + (((half << 5) + bit) << 2));
      const row = rowOf(block, account);
      const profit = unrealized(block, row);
      if (profit < 0) money += profit;
      margin += initialMargin(block, row, takerPpm);
      const value = notional(block, row);
      const tenth: f64 = Math.floor(value / 10);
      tenths += tenth;
      rest += value - tenth * 10;
    }
  }
  tenths += Math.ceil(rest / 10);
  return money - (margin > tenths ? margin : tenths);
}

/** Rate in ppm that the account pays as a taker. */
export function takerPpmOf(record: i32): i32 {
  return i32At(H_TAKER_PPM + (tierOfAccount(record) << 2));
}
