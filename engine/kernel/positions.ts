import {
  EF_ENTRY_VALUE,
  EF_FEE,
  EF_LOTS,
  EF_POSITION,
  EF_REALIZED,
  EW_FLAGS,
  EW_PRICE,
  W_ACCOUNT,
} from '../messages/layout.js';
import { FLAG_MAKER, FLAG_SIDE, SIDE_BUY, tierOf } from '../messages/types.js';
import { mulDivCeil, mulDivFloor } from '../units/mul-div.js';
import { PPM_ONE } from '../units/ppm.js';
import { floatOf, setFloat, wordOf } from './events.js';
import {
  B_CLEARING,
  B_FEES,
  B_LEDGER,
  B_MICRO_DENOMINATOR,
  B_MICRO_NUMERATOR,
  B_OPEN_INTEREST,
  H_MAKER_PPM,
  H_TAKER_PPM,
  LEDGER_NONE,
  LEDGER_OUTSIDE,
  LEDGER_OWN,
  R_ENTRY_VALUE,
  R_POSITION,
  S_FEE,
  S_REALIZED,
} from './layout.js';
import { closableLotsOutside, settleFillOutside } from './ledger.js';
import { f64At, i32At, setF64 } from './memory.js';
import { openRow, rowOf, settledOf } from './rows.js';

/**
 * Positions of one market and the settlement of its fills.
 *
 * A position is (size in lots, entry value in tick·lots), both signed alike and exact. A fill on the position's side adds
 * price × lots to the entry value. A closing fill takes the share closed ÷ size of the entry value along; the share is
 * rounded against the trader, and the rest stays with the position, so entry values are never lost. Realised profit =
 * proceeds − share, in whole micro-USD rounded down. What rounding leaves stays in the market's clearing account,
 * which never pays out more than the other side has paid in.
 */

/** Lots that an order of this side could close: short lots for a buy, long lots for a sell. */
export function closableLots(book: i32, account: i32, side: i32): f64 {
  const ledger = i32At(book + B_LEDGER);
  if (ledger === LEDGER_OUTSIDE) return closableLotsOutside(book, account, side);
  const row = rowOf(book, account);
  if (ledger === LEDGER_NONE || row === 0) return 0;
  const position = f64At(row + R_POSITION);
  if (side === SIDE_BUY) return position < 0 ? -position : 0;
  return position > 0 ? position : 0;
}

/** Settles one side of a fill and writes fee, realised profit, position and entry value into its event. */
export function settleFill(book: i32, event: i32): void {
  const ledger = i32At(book + B_LEDGER);
  if (ledger === LEDGER_OWN) settleOwn(book, event);
  else if (ledger === LEDGER_OUTSIDE) settleFillOutside(book, event);
}

/** Reads account, price, lots and flags (side, maker, tier) from the event. */
export function settleOwn(book: i32, event: i32): void {
  const account = wordOf(event, W_ACCOUNT);
  const flags = wordOf(event, EW_FLAGS);
  const price = wordOf(event, EW_PRICE);
  const lots = floatOf(event, EF_LOTS);
  const row = openRow(book, account);
  const settled = settledOf(book, account);
  const fee = feeMicroUsd(book, flags, price * lots);
  addTo(settled + S_FEE, fee);
  addTo(book + B_FEES, fee);
  const realized = movePosition(book, row, (flags & FLAG_SIDE) === SIDE_BUY ? lots : -lots, price);
  addTo(settled + S_REALIZED, realized);
  setFloat(event, EF_FEE, fee);
  setFloat(event, EF_REALIZED, realized);
  setFloat(event, EF_POSITION, f64At(row + R_POSITION));
  setFloat(event, EF_ENTRY_VALUE, f64At(row + R_ENTRY_VALUE));
}

/** Rate × notional, rounded up: the house never loses a fraction, and a rebate is rounded down in size. */
function feeMicroUsd(book: i32, flags: i32, valueTickLots: f64): f64 {
  const rates = (flags & FLAG_MAKER) !== 0 ? H_MAKER_PPM : H_TAKER_PPM;
  const rate: f64 = i32At(rates + (tierOf(flags) << 2));
  if (rate === 0) return 0;
  const numerator = f64At(book + B_MICRO_NUMERATOR);
  const divisor: f64 = f64At(book + B_MICRO_DENOMINATOR) * PPM_ONE;
  if (rate > 0) return mulDivCeil(valueTickLots, rate * numerator, divisor);
  return mulDivCeil(-valueTickLots, -rate * numerator, divisor);
}

/** Moves the position by `signed` lots at `price`; returns the realised profit in micro-USD. */
export function movePosition(book: i32, row: i32, signed: f64, price: i32): f64 {
  const position = f64At(row + R_POSITION);
  const moved: f64 = position + signed;
  if (position > 0) addTo(book + B_OPEN_INTEREST, -position);
  if (moved > 0) addTo(book + B_OPEN_INTEREST, moved);
  setF64(row + R_POSITION, moved);
  if (position === 0 || position > 0 === signed > 0) {
    addTo(row + R_ENTRY_VALUE, signed * price);
    return 0;
  }
  const entry = f64At(row + R_ENTRY_VALUE);
  const size: f64 = position > 0 ? position : -position;
  const fillLots: f64 = signed > 0 ? signed : -signed;
  const closed: f64 = fillLots < size ? fillLots : size;
  // Long: the share of the cost, rounded up. Short: the (negative) share of the proceeds, so rounded up as well.
  const share: f64 = closed === size ? entry : mulDivCeil(entry, closed, size);
  const proceeds: f64 = position > 0 ? closed * price : -closed * price;
  // After a flip the rest is a new position at this price.
  setF64(row + R_ENTRY_VALUE, closed === size ? moved * price : entry - share);
  const realized = microUsdOf(book, proceeds - share);
  addTo(book + B_CLEARING, -realized);
  return realized;
}

/** Micro-USD of a value in tick·lots, rounded down. */
function microUsdOf(book: i32, valueTickLots: f64): f64 {
  const numerator = f64At(book + B_MICRO_NUMERATOR);
  const denominator = f64At(book + B_MICRO_DENOMINATOR);
  if (denominator === 1) return valueTickLots * numerator;
  return mulDivFloor(valueTickLots, numerator, denominator);
}

export function addTo(at: i32, change: f64): void {
  setF64(at, f64At(at) + change);
}
