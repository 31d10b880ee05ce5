import {
  B_MICRO_DENOMINATOR,
  B_MICRO_NUMERATOR,
  R_ENTRY_VALUE,
  R_OPEN_LOSS,
  R_OPEN_LOTS,
  R_POSITION,
} from '../../engine/kernel/layout.js';
import { f64At, i32At } from '../../engine/kernel/memory.js';
import { mulDivCeil, mulDivFloor } from '../../engine/units/mul-div.js';
import { M_MARK, M_RATE_DIVISOR } from './layout.js';
import { leverageOf } from './leverage.js';
import { initialOf, maintenanceOf } from './tiers.js';

/** Columns of the sell side stand behind those of the buy side. */
const SELL: i32 = 8;

/**
 * Initial margin of an account in one market, micro-USD, rounded up:
 *
 *   initial margin of mark × max(position + bids, asks − position, 0)   worst position that open orders can make
 *   + Σ max(0, price − mark) over bids + Σ max(0, mark − price) over asks   what they lose at once when they fill
 *   + taker rate × (mark × (bids + asks) + those losses)   fees, should all of them fill
 *
 * Every open order may fill alone, so the worst position is taken over each side by itself (as Binance and dYdX do), and
 * losses and fees over both. An order that fills at or inside of the mark thus never raises the requirement.
 *
 * Initial margin of a value is that of the market's tiers, and no less than value ÷ the leverage that the account has chosen.
 *
 * `row`: of the account in the market; 0, which reads as zeros, when it has none.
 */
export function initialMargin(block: i32, row: i32, takerPpm: i32): f64 {
  const open: f64 = f64At(row + R_OPEN_LOTS) + f64At(row + R_OPEN_LOTS + SELL);
  const losses: f64 = f64At(row + R_OPEN_LOSS) + f64At(row + R_OPEN_LOSS + SELL);
  return requirement(block, row, open, losses, takerPpm);
}

/** Lots of the larger of the two positions that fills of one side alone can lead to. */
export function worstLots(row: i32): f64 {
  const position = f64At(row + R_POSITION);
  const bids = f64At(row + R_OPEN_LOTS);
  const asks = f64At(row + R_OPEN_LOTS + SELL);
  // The larger of position + bids and asks − position as half of (sum + difference), without a branch on who is long.
  return (bids + asks + Math.abs(position + bids - (asks - position))) * 0.5;
}

/** The formula above, with the lots open and their loss value in tick·lots. */
function requirement(block: i32, row: i32, openLots: f64, lossTickLots: f64, takerPpm: i32): f64 {
  const mark = i32At(block + M_MARK);
  const worst = worstLots(row);
  let margin: f64 = 0;
  if (worst > 0) {
    const leverage = leverageOf(row);
    margin = initialOf(block, worst * mark);
    if (leverage !== 0) margin = leveraged(block, worst * mark, leverage, margin);
  }
  return openLots === 0 ? margin : margin + costsOf(block, openLots, lossTickLots, takerPpm);
}

/** The second and third term for an account's open orders: what they cost at once, should all of them fill. */
export function orderCosts(block: i32, row: i32, takerPpm: i32): f64 {
  const open: f64 = f64At(row + R_OPEN_LOTS) + f64At(row + R_OPEN_LOTS + SELL);
  const losses: f64 = f64At(row + R_OPEN_LOSS) + f64At(row + R_OPEN_LOSS + SELL);
  return open === 0 ? 0 : costsOf(block, open, losses, takerPpm);
}

function costsOf(block: i32, openLots: f64, lossTickLots: f64, takerPpm: i32): f64 {
  const mark = i32At(block + M_MARK);
  const numerator = f64At(block + B_MICRO_NUMERATOR);
  const atRisk: f64 = openLots * mark + lossTickLots;
  let costs: f64 = 0;
  if (takerPpm !== 0) {
    costs = mulDivCeil(atRisk, numerator * takerPpm, f64At(block + M_RATE_DIVISOR));
  }
  if (lossTickLots === 0) return costs;
  return costs + mulDivCeil(lossTickLots, numerator, f64At(block + B_MICRO_DENOMINATOR));
}

/** The larger of what the market asks for and value ÷ the leverage that the account has chosen. */
export function leveraged(block: i32, value: f64, leverage: i32, margin: f64): f64 {
  const divisor: f64 = f64At(block + B_MICRO_DENOMINATOR) * leverage;
  const own = mulDivCeil(value, f64At(block + B_MICRO_NUMERATOR), divisor);
  return own > margin ? own : margin;
}

/** Maintenance margin of the account's position in one market, micro-USD, by tiers of mark × |position|, rounded up. Open orders do not count: who is liquidated loses them first. */
export function maintenanceMargin(block: i32, row: i32): f64 {
  const size: f64 = Math.abs(f64At(row + R_POSITION));
  return maintenanceOf(block, size * i32At(block + M_MARK));
}

/**
 * Value in tick·lots that the account would have in this market if all its open orders and `moreLots` filled at the price or
 * the mark, whichever is higher. It may pass 2^53 and is then only good for comparing with the limit.
 */
export function worstValue(block: i32, row: i32, moreLots: f64, price: i32): f64 {
  const position = f64At(row + R_POSITION);
  const size: f64 = Math.abs(position);
  const mark = i32At(block + M_MARK);
  const lots: f64 = size + f64At(row + R_OPEN_LOTS) + f64At(row + R_OPEN_LOTS + SELL) + moreLots;
  return lots * (price > mark ? price : mark);
}

/** Value of the open position at the mark, micro-USD, rounded up. */
export function notional(block: i32, row: i32): f64 {
  const value: f64 = Math.abs(f64At(row + R_POSITION)) * i32At(block + M_MARK);
  return mulDivCeil(value, f64At(block + B_MICRO_NUMERATOR), f64At(block + B_MICRO_DENOMINATOR));
}

/** Profit of the open position at the mark, micro-USD, rounded down. */
export function unrealized(block: i32, row: i32): f64 {
  return unrealizedAt(block, row, i32At(block + M_MARK));
}

/** The same at another price in ticks. */
export function unrealizedAt(block: i32, row: i32, price: f64): f64 {
  const value: f64 = f64At(row + R_POSITION) * price - f64At(row + R_ENTRY_VALUE);
  const denominator = f64At(block + B_MICRO_DENOMINATOR);
  if (denominator === 1) return value * f64At(block + B_MICRO_NUMERATOR);
  return mulDivFloor(value, f64At(block + B_MICRO_NUMERATOR), denominator);
}
