import { floatOf, setFloat, setWord, wordOf } from '../../engine/kernel/events.js';
import { B_MICRO_DENOMINATOR, B_MICRO_NUMERATOR, R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit, setF64, setI32 } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import {
  EF_FEE,
  EF_LOTS,
  EF_POSITION,
  EF_REALIZED,
  EF_VALUE,
  EW_FLAGS,
  EW_LOSS_TICKS,
  W_ACCOUNT,
} from '../../engine/messages/layout.js';
import { FLAG_SIDE, MARGIN_CROSS, MARGIN_ISOLATED, SIDE_BUY } from '../../engine/messages/types.js';
import { mulDivCeil } from '../../engine/units/mul-div.js';
import { A_COLLATERAL, G_MARKETS, M_MARK, N_COLLATERAL, N_FLAGS, PURSE_TOLD } from './layout.js';
import { leverageOf } from './leverage.js';
import {
  isolatedMarkets,
  isPurseLiquidating,
  moveToPurse,
  noteMoved,
  purseOf,
  setPurseLiquidating,
} from './purses.js';
import {
  initialMargin,
  leveraged,
  maintenanceMargin,
  notional,
  orderCosts,
  unrealized,
} from './requirement.js';
import { initialOf, maintenanceOf } from './tiers.js';

/**
 * Isolated margin. The position stands on collateral of its own; its open orders ask the account for what they need beyond the
 * position, and when one of them fills, that goes to the position. Profit, loss, fees and funding are the position's. When it is
 * closed, what is left of its collateral goes back to the account; a loss beyond it does not.
 */

/** Margin and costs are rounded up and equity down, a micro-USD each. */
const ROUNDINGS: f64 = 4;

/** Initial margin of a position of so many lots, by tiers and by the leverage that was chosen, micro-USD. */
function marginOfLots(block: i32, row: i32, lots: f64): f64 {
  const value: f64 = Math.abs(lots) * i32At(block + M_MARK);
  const leverage = leverageOf(row);
  const margin = initialOf(block, value);
  return leverage === 0 ? margin : leveraged(block, value, leverage, margin);
}

/** What open orders in an isolated market ask the account for: initial margin with them − that of the position alone. */
function needOf(block: i32, row: i32, purse: i32, takerPpm: i32): f64 {
  // Slices of a liquidation are paid by the position.
  if (isPurseLiquidating(purse)) return 0;
  return initialMargin(block, row, takerPpm) - marginOfPosition(block, row);
}

/** The above over all isolated markets of the account. */
export function isolatedNeeds(account: i32, record: i32, takerPpm: i32): f64 {
  let needs: f64 = 0;
  for (let half = 0; half < 2; half++) {
    let isolated = isolatedMarkets(account, record, half);
    while (isolated !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(isolated)) << 2));
      isolated &= isolated - 1;
      needs += needOf(block, rowOf(block, account), purseOf(block, account, record), takerPpm);
    }
  }
  return needs;
}

/** Collateral of the position and its profit and loss at the mark, micro-USD. */
export function equityOfPosition(block: i32, row: i32, purse: i32): f64 {
  return f64At(purse + N_COLLATERAL) + unrealized(block, row);
}

/** Whether the position is below its maintenance margin. */
export function isPositionBelow(block: i32, row: i32, purse: i32): boolean {
  if (f64At(row + R_POSITION) === 0) return false;
  return equityOfPosition(block, row, purse) < maintenanceMargin(block, row);
}

/** The position's equity − what all open orders in its market would cost at once: what closing it may cost. */
export function equityBehindPosition(block: i32, row: i32, purse: i32, takerPpm: i32): f64 {
  return equityOfPosition(block, row, purse) - orderCosts(block, row, takerPpm);
}

/**
 * Least equity that the position may have when an order raises its worst case to `worst` lots: so much that with the initial
 * margin which each fill brings along it stays above maintenance margin on the whole way there.
 *
 * By tiers alone initial margin never grows slower than maintenance margin, so a position above the line stays above. A chosen
 * leverage asks for more, but may grow slower than the maintenance margin of a high tier: then the gap at the end of the way counts,
 * or the one that the tiers alone would leave, whichever is wider. (Leverage − maintenance is concave in the size, so on the
 * way it is no smaller than at the nearer end.)
 */
export function leastBehind(block: i32, row: i32, worst: f64): f64 {
  const mark = i32At(block + M_MARK);
  const value: f64 = Math.abs(f64At(row + R_POSITION)) * mark;
  if (value === 0) return 0;
  const maintenance = maintenanceOf(block, value);
  const leverage = leverageOf(row);
  if (leverage === 0) return maintenance + ROUNDINGS;
  const byTiers = initialOf(block, value);
  const own = leveraged(block, value, leverage, 0);
  const here: f64 = own - maintenance;
  const there: f64 =
    leveraged(block, worst * mark, leverage, 0) - maintenanceOf(block, worst * mark);
  let gap: f64 = here < there ? here : there;
  if (byTiers - maintenance > gap) gap = byTiers - maintenance;
  return (own > byTiers ? own : byTiers) - gap + ROUNDINGS;
}

/** What may be taken from the position: as `withdrawable` of an account. Negative when it has not that much. */
export function removable(block: i32, row: i32, purse: i32): f64 {
  const profit = unrealized(block, row);
  const money: f64 = f64At(purse + N_COLLATERAL) + (profit < 0 ? profit : 0);
  const tenth: f64 = Math.ceil(notional(block, row) / 10);
  const margin = marginOfPosition(block, row);
  return money - (margin > tenth ? margin : tenth);
}

/** Initial margin of the position alone, micro-USD. */
export function marginOfPosition(block: i32, row: i32): f64 {
  return marginOfLots(block, row, f64At(row + R_POSITION));
}

/** Collateral of the account and of all its isolated positions, debts of these aside, micro-USD. */
export function cashOf(account: i32, record: i32): f64 {
  let cash = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let isolated = isolatedMarkets(account, record, half);
    while (isolated !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(isolated)) << 2));
      isolated &= isolated - 1;
      const collateral = f64At(purseOf(block, account, record) + N_COLLATERAL);
      if (collateral > 0) cash += collateral;
    }
  }
  return cash;
}

/**
 * A fill in an isolated market: realised profit − fee is the position's. Where its collateral, unrealised losses taken off, then is
 * below its initial margin, it gets the difference, but no more than the order had reserved for the fill: what initial margin has
 * grown by, loss and fee. `movable`: what the account may part with, by the rule that let the order in, so that an order that was
 * covered never comes up against it while the mark stands still. Row and reservation are as after the fill.
 *
 * Where marks have moved against the account since, loss and fee come out of its collateral all the same, as far as that goes: a trade
 * beyond the mark is the account's loss, not that of the market's insurance fund.
 */
export function fillIsolated(
  event: i32,
  block: i32,
  record: i32,
  row: i32,
  purse: i32,
  movable: f64,
): void {
  const cash: f64 = floatOf(event, EF_REALIZED) - floatOf(event, EF_FEE);
  setF64(purse + N_COLLATERAL, f64At(purse + N_COLLATERAL) + cash);
  if (!isPurseLiquidating(purse)) {
    const profit = unrealized(block, row);
    const margin = marginOfPosition(block, row);
    const money: f64 = f64At(purse + N_COLLATERAL) + (profit < 0 ? profit : 0);
    let draw: f64 = margin - money;
    const costs = costsOf(event, block);
    const reserved = grownBy(event, block, row, margin) + costs;
    if (draw > reserved) draw = reserved;
    const most = mostFor(record, costs, movable);
    if (draw > most) draw = most;
    if (draw > 0) moveToPurse(record, purse, draw);
  }
  giveBack(record, row, purse);
  noteMoved(block, wordOf(event, W_ACCOUNT));
}

/** What the fill has made the initial margin grow by. `margin`: of the position after it. */
function grownBy(event: i32, block: i32, row: i32, margin: f64): f64 {
  const lots = floatOf(event, EF_LOTS);
  const bought: f64 = (wordOf(event, EW_FLAGS) & FLAG_SIDE) === SIDE_BUY ? lots : -lots;
  const grown: f64 = margin - marginOfLots(block, row, floatOf(event, EF_POSITION) - bought);
  return grown > 0 ? grown : 0;
}

/** Loss against the mark at which the order was reserved, and fee. */
function costsOf(event: i32, block: i32): f64 {
  const fee = floatOf(event, EF_FEE);
  const loss = mulDivCeil(
    floatOf(event, EF_LOTS) * wordOf(event, EW_LOSS_TICKS),
    f64At(block + B_MICRO_NUMERATOR),
    f64At(block + B_MICRO_DENOMINATOR),
  );
  return loss + (fee > 0 ? fee : 0);
}

/** The most that a fill may draw. */
function mostFor(record: i32, costs: f64, movable: f64): f64 {
  const collateral = f64At(record + A_COLLATERAL);
  const least: f64 = costs < collateral ? costs : collateral;
  return movable > least ? movable : least;
}

/**
 * Collateral of a position that is closed goes to the account; what is missing stays missing here. While the position is liquidated
 * it stays, too: behind the fill that closes comes what the ladder takes for the insurance fund or gets from it.
 */
export function giveBack(record: i32, row: i32, purse: i32): void {
  if (isPurseLiquidating(purse)) return;
  const left = f64At(purse + N_COLLATERAL);
  if (f64At(row + R_POSITION) === 0 && left > 0) moveToPurse(record, purse, -left);
}

/** Funding of an isolated position. */
export function payIsolated(block: i32, account: i32, purse: i32, payment: f64): void {
  setF64(purse + N_COLLATERAL, f64At(purse + N_COLLATERAL) - payment);
  noteMoved(block, account);
}

/**
 * What an isolated position pays the insurance fund, negative: gets from it. The row is as after the fill or transfer that it is for.
 * Between shards it may come when the ladder has ended: then the account has what was left, pays out of that, and gets the rest.
 */
export function insureIsolated(
  block: i32,
  account: i32,
  record: i32,
  row: i32,
  purse: i32,
  payment: f64,
): void {
  payIsolated(block, account, purse, payment);
  if (f64At(row + R_POSITION) !== 0 || isPurseLiquidating(purse)) return;
  const owed: f64 = 0 - f64At(purse + N_COLLATERAL);
  if (owed > 0 && payment > 0) moveToPurse(record, purse, owed < payment ? owed : payment);
  giveBack(record, row, purse);
}

/** The ladder is done with the position: when it is closed, what is left goes to the account. */
export function endLiquidation(block: i32, account: i32, record: i32, row: i32, purse: i32): void {
  setPurseLiquidating(purse, false);
  const kept = f64At(purse + N_COLLATERAL);
  giveBack(record, row, purse);
  if (f64At(purse + N_COLLATERAL) !== kept) noteMoved(block, account);
}

/** EVT_POSITION_MARGIN or EVT_MARGIN_MODE, whose turn has come, shows what holds now. */
export function showPosition(event: i32, block: i32, account: i32, record: i32): void {
  const purse = purseOf(block, account, record);
  setWord(event, EW_FLAGS, purse === 0 ? MARGIN_CROSS : MARGIN_ISOLATED);
  if (purse === 0) return;
  setFloat(event, EF_VALUE, f64At(purse + N_COLLATERAL));
  setI32(purse + N_FLAGS, i32At(purse + N_FLAGS) & ~PURSE_TOLD);
}
