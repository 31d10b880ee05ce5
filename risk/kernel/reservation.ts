import { R_OPEN_LOSS, R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, setF64 } from '../../engine/kernel/memory.js';
import {
  CODE_INSUFFICIENT_FREE_COLLATERAL,
  CODE_INSUFFICIENT_MARGIN,
  CODE_POSITION_COLLATERAL_MUST_REACH_MINIMUM,
  CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT,
  CODE_POSITION_MUST_BE_OPEN,
  CODE_WORST_VALUE_TICK_LOTS_MUST_NOT_EXCEED_LIMIT,
} from '../../engine/kernel/reject-codes.js';
import { clearActive, isActiveOnlyIn, setActive } from './accounts.js';
import { equityBehindOrders, freeCollateral, takerPpmOf, withdrawable } from './equity.js';
import {
  equityBehindPosition,
  equityOfPosition,
  giveBack,
  leastBehind,
  marginOfPosition,
  removable,
} from './isolated.js';
import {
  A_COLLATERAL,
  G_REFUSED_LIMIT,
  G_REFUSED_VALUE,
  M_POSITION_MAX,
  M_VALUE_MAX,
  N_COLLATERAL,
} from './layout.js';
import { leverageOf, setLeverage } from './leverage.js';
import { moveToPurse, purseOf } from './purses.js';
import { initialMargin, unrealized, worstLots, worstValue } from './requirement.js';

/**
 * Adds lots and loss value to what the account has open on a side when the worst case is covered, and returns 0; else changes
 * nothing, returns the code, and leaves the rejection's figures in G_REFUSED_…. A change that does not raise the
 * requirement of its market passes even below the line, and one that does not raise the worst position even above the cap:
 * closing must always be possible.
 *
 * `record` and `row`: of the account, and of the account in the market, both of which exist.
 */
export function tryReserve(
  block: i32,
  account: i32,
  record: i32,
  row: i32,
  side: i32,
  price: i32,
  lots: f64,
  lossValue: f64,
): i32 {
  const worst = worstValue(block, row, lots, price);
  const limit = f64At(block + M_VALUE_MAX);
  if (worst > limit) {
    return refuse(CODE_WORST_VALUE_TICK_LOTS_MUST_NOT_EXCEED_LIMIT, worst, limit);
  }
  addOpen(row, side, lots, lossValue);
  if (worstLots(row) > f64At(block + M_POSITION_MAX)) {
    const position = worstLots(row);
    addOpen(row, side, -lots, -lossValue);
    if (position > worstLots(row)) {
      const cap = f64At(block + M_POSITION_MAX);
      return refuse(CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT, position, cap);
    }
    addOpen(row, side, lots, lossValue);
  }
  setActive(record, block);
  const purse = purseOf(block, account, record);
  if (purse !== 0) return keepIsolated(block, account, record, row, purse, side, lots, lossValue);
  const takerPpm = takerPpmOf(record);
  const after = initialMargin(block, row, takerPpm);
  const free: f64 = isActiveOnlyIn(record, block)
    ? f64At(record + A_COLLATERAL) + unrealized(block, row) - after
    : freeCollateral(account, record);
  if (free >= 0) return 0;
  addOpen(row, side, -lots, -lossValue);
  const before = initialMargin(block, row, takerPpm);
  if (after <= before) {
    addOpen(row, side, lots, lossValue);
    return 0;
  }
  const open: f64 = f64At(row + R_OPEN_LOTS) + f64At(row + R_OPEN_LOTS + 8);
  if (f64At(row + R_POSITION) === 0 && open === 0) clearActive(record, block);
  return refuse(CODE_INSUFFICIENT_MARGIN, after - before, free + (after - before));
}

/**
 * The end of `tryReserve` where margin is isolated; lots and loss value are added already. What a fill moves to the position is a
 * transfer: what the account may transfer has to cover it, in which unrealised profit does not count. And the position must not
 * be so low that what a fill brings along would leave it below its maintenance margin.
 */
function keepIsolated(
  block: i32,
  account: i32,
  record: i32,
  row: i32,
  purse: i32,
  side: i32,
  lots: f64,
  lossValue: f64,
): i32 {
  const takerPpm = takerPpmOf(record);
  const free = withdrawable(account, record);
  const worst = worstLots(row);
  let raise = initialMargin(block, row, takerPpm);
  addOpen(row, side, -lots, -lossValue);
  raise -= initialMargin(block, row, takerPpm);
  const behind = equityOfPosition(block, row, purse);
  const least = worst > worstLots(row) ? leastBehind(block, row, worst) : behind;
  let code = 0;
  if (raise > 0 && free < 0) code = refuse(CODE_INSUFFICIENT_MARGIN, raise, free + raise);
  else if (behind < least) {
    code = refuse(CODE_POSITION_COLLATERAL_MUST_REACH_MINIMUM, behind, least);
  } else addOpen(row, side, lots, lossValue);
  const open: f64 = f64At(row + R_OPEN_LOTS) + f64At(row + R_OPEN_LOTS + 8);
  if (f64At(row + R_POSITION) === 0 && open === 0) clearActive(record, block);
  return code;
}

/** What closing in this market may cost: equity behind all open orders, of the position alone where margin is isolated. */
export function closingEquity(block: i32, account: i32, record: i32, row: i32): f64 {
  const purse = purseOf(block, account, record);
  if (purse === 0) return equityBehindOrders(account, record);
  return equityBehindPosition(block, row, purse, takerPpmOf(record));
}

/**
 * Adds lots and loss value of an order that only closes, when equity bears what all open orders cost then, and returns 0; else
 * changes nothing. For what `tryReserve` has refused: the figures of that stay.
 */
export function tryClose(
  block: i32,
  account: i32,
  record: i32,
  row: i32,
  side: i32,
  lots: f64,
  lossValue: f64,
): i32 {
  addOpen(row, side, lots, lossValue);
  if (closingEquity(block, account, record, row) >= 0) return 0;
  addOpen(row, side, -lots, -lossValue);
  return CODE_INSUFFICIENT_MARGIN;
}

/**
 * Sets the account's leverage in a market and returns 0, unless that raises its requirement beyond what is covered: then as
 * `tryReserve`. Nothing that is open is closed for it.
 */
export function tryLeverage(block: i32, account: i32, record: i32, row: i32, leverage: i32): i32 {
  const takerPpm = takerPpmOf(record);
  const before = initialMargin(block, row, takerPpm);
  const chosen = leverageOf(row);
  setLeverage(row, leverage);
  const after = initialMargin(block, row, takerPpm);
  if (after <= before) return 0;
  const purse = purseOf(block, account, record);
  const free = purse === 0 ? freeCollateral(account, record) : withdrawable(account, record);
  const margin = purse === 0 ? 0 : marginOfPosition(block, row);
  const behind = purse === 0 ? 0 : equityOfPosition(block, row, purse);
  const bears = margin === 0 || behind >= margin;
  if (free >= 0 && bears) return 0;
  setLeverage(row, chosen);
  const wanted = after - before;
  if (free < 0) return refuse(CODE_INSUFFICIENT_MARGIN, wanted, free + wanted);
  return refuse(CODE_POSITION_COLLATERAL_MUST_REACH_MINIMUM, behind, margin);
}

/**
 * Moves cash from the account to its isolated position, negative: back, and returns 0; or refuses as `tryReserve`. What stays with
 * either covers its initial margin and a tenth of its notional, and unrealised profit is not money. A position that is closed
 * takes no more than what it owes.
 */
export function tryMove(
  block: i32,
  account: i32,
  record: i32,
  row: i32,
  purse: i32,
  microUsd: f64,
): i32 {
  if (microUsd > 0 && f64At(row + R_POSITION) === 0 && f64At(purse + N_COLLATERAL) >= 0) {
    return refuse(CODE_POSITION_MUST_BE_OPEN, 0, 0);
  }
  const most = microUsd > 0 ? withdrawable(account, record) : removable(block, row, purse);
  if (Math.abs(microUsd) > most) {
    return refuse(CODE_INSUFFICIENT_FREE_COLLATERAL, Math.abs(microUsd), most);
  }
  moveToPurse(record, purse, microUsd);
  giveBack(record, row, purse);
  return 0;
}

/** The figures of a rejection, for who writes it. */
function refuse(code: i32, value: f64, limit: f64): i32 {
  setF64(G_REFUSED_VALUE, value);
  setF64(G_REFUSED_LIMIT, limit);
  return code;
}

/** Changes what an account has open on a side. */
export function addOpen(row: i32, side: i32, lots: f64, lossValue: f64): void {
  const lotsAt = row + R_OPEN_LOTS + (side << 3);
  const lossAt = row + R_OPEN_LOSS + (side << 3);
  setF64(lotsAt, f64At(lotsAt) + lots);
  setF64(lossAt, f64At(lossAt) + lossValue);
}

/** Takes the market out of the account's active set when nothing of it is left. */
export function clearActiveIfFlat(record: i32, block: i32, row: i32): void {
  if (isFlat(row)) clearActive(record, block);
}

/** A loss reserve without lots is that of an amend whose answer is on its way from another shard. */
export function isFlat(row: i32): boolean {
  return (
    f64At(row + R_POSITION) === 0 &&
    f64At(row + R_OPEN_LOTS) === 0 &&
    f64At(row + R_OPEN_LOTS + 8) === 0 &&
    f64At(row + R_OPEN_LOSS) === 0 &&
    f64At(row + R_OPEN_LOSS + 8) === 0
  );
}
