import { R_OPEN_LOSS, R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, setF64 } from '../../engine/kernel/memory.js';
import {
  CODE_INSUFFICIENT_MARGIN,
  CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT,
  CODE_WORST_VALUE_TICK_LOTS_MUST_NOT_EXCEED_LIMIT,
} from '../../engine/kernel/reject-codes.js';
import { clearActive, isActiveOnlyIn, setActive } from './accounts.js';
import { equityBehindOrders, freeCollateral, takerPpmOf } from './equity.js';
import {
  A_COLLATERAL,
  G_REFUSED_LIMIT,
  G_REFUSED_VALUE,
  M_POSITION_MAX,
  M_VALUE_MAX,
} from './layout.js';
import { leverageOf, setLeverage } from './leverage.js';
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
 * Adds lots and loss value of an order that only closes, when equity bears what all open orders cost then, and returns 0; else
 * changes nothing. For what `tryReserve` has refused: the figures of that stay.
 */
export function tryClose(
  account: i32,
  record: i32,
  row: i32,
  side: i32,
  lots: f64,
  lossValue: f64,
): i32 {
  addOpen(row, side, lots, lossValue);
  if (equityBehindOrders(account, record) >= 0) return 0;
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
  const free = freeCollateral(account, record);
  if (free >= 0) return 0;
  setLeverage(row, chosen);
  return refuse(CODE_INSUFFICIENT_MARGIN, after - before, free + (after - before));
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
