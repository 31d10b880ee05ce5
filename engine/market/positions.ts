import { type AccountRows, RF_ENTRY_VALUE, RF_POSITION, ROW_FLOATS } from '../book/account-rows.js';
import type { FillLedger } from '../book/order-book.js';
import {
  EF_ENTRY_VALUE,
  EF_FEE,
  EF_LOTS,
  EF_POSITION,
  EF_REALIZED,
  EW_FLAGS,
  EW_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { FLAG_MAKER, FLAG_SIDE, SIDE_BUY, tierOf } from '../messages/types.js';
import { mulDivCeil, mulDivFloor } from '../units/mul-div.js';
import { PPM_ONE } from '../units/units.js';
import type { FeeSchedule } from './fee-schedule.js';

/** Floats of an account's record of what was settled, which only fills and funding touch. */
export const SETTLED_FLOATS = 4;
export const STF_REALIZED = 0;
export const STF_FEE = 1;
/** Cumulative funding index at the last settlement of the position. */
export const STF_FUNDING_INDEX = 2;

/** Indices into `MarketPositions.totals`. */
export const TOTAL_OPEN_INTEREST = 0;
/** Micro-USD that the market owes its traders (negative: they owe it): −Σ realised profit paid out. */
export const TOTAL_CLEARING = 1;
/** Σ fees − rebates, micro-USD. */
export const TOTAL_FEES = 2;

/**
 * Positions of one market and the settlement of its fills.
 *
 * A position is (size in lots, entry value in tick·lots), both signed alike and exact. A fill on the position's
 * side adds price × lots to the entry value. A closing fill takes the share closed ÷ size of the entry value along;
 * the share is rounded against the trader, and the rest stays with the position, so entry values are never
 * lost. Realised profit = proceeds − share, in whole micro-USD rounded down. What rounding leaves stays in
 * the market's clearing account, which never pays out more than the other side has paid in.
 */
export class MarketPositions implements FillLedger {
  readonly rows: AccountRows;
  /** Records of SETTLED_FLOATS, by account id, as many as there are rows. */
  settled: Float64Array;
  readonly totals = new Float64Array(3);
  private readonly fees: FeeSchedule;
  private readonly microNumerator: number;
  private readonly microDenominator: number;

  constructor(
    rows: AccountRows,
    fees: FeeSchedule,
    microUsdPerTickLotNumerator: number,
    microUsdPerTickLotDenominator: number,
  ) {
    this.rows = rows;
    this.settled = new Float64Array(rows.rows * SETTLED_FLOATS);
    this.fees = fees;
    this.microNumerator = microUsdPerTickLotNumerator;
    this.microDenominator = microUsdPerTickLotDenominator;
  }

  closableLots(account: number, side: number): number {
    if (account >= this.rows.rows) return 0;
    const position = this.rows.floats[account * ROW_FLOATS + RF_POSITION] as number;
    if (side === SIDE_BUY) return position < 0 ? -position : 0;
    return position > 0 ? position : 0;
  }

  settleFill(events: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const account = events.words[w + W_ACCOUNT] as number;
    this.ensure(account);
    const flags = events.words[w + EW_FLAGS] as number;
    const price = events.words[w + EW_PRICE] as number;
    const lots = events.floats[f + EF_LOTS] as number;
    const rows = this.rows.floats;
    const row = account * ROW_FLOATS;
    const fee = this.feeMicroUsd(flags, price * lots);
    events.floats[f + EF_FEE] = fee;
    this.settled[account * SETTLED_FLOATS + STF_FEE]! += fee;
    this.totals[TOTAL_FEES]! += fee;
    const signed = (flags & FLAG_SIDE) === SIDE_BUY ? lots : -lots;
    const realized = this.move(row, signed, price);
    this.settled[account * SETTLED_FLOATS + STF_REALIZED]! += realized;
    events.floats[f + EF_REALIZED] = realized;
    events.floats[f + EF_POSITION] = rows[row + RF_POSITION] as number;
    events.floats[f + EF_ENTRY_VALUE] = rows[row + RF_ENTRY_VALUE] as number;
  }

  /** Makes the account's row and record exist. */
  ensure(account: number): void {
    this.rows.ensure(account);
    if (this.settled.length >= this.rows.rows * SETTLED_FLOATS) return;
    const settled = new Float64Array(this.rows.rows * SETTLED_FLOATS);
    settled.set(this.settled);
    this.settled = settled;
  }

  /** Rate × notional, rounded up: the house never loses a fraction, and a rebate is rounded down in size. */
  private feeMicroUsd(flags: number, valueTickLots: number): number {
    const tier = tierOf(flags);
    const rates = (flags & FLAG_MAKER) !== 0 ? this.fees.makerPpm : this.fees.takerPpm;
    const rate = rates[tier] as number;
    if (rate === 0) return 0;
    const divisor = this.microDenominator * PPM_ONE;
    if (rate > 0) return mulDivCeil(valueTickLots, rate * this.microNumerator, divisor);
    return mulDivCeil(-valueTickLots, -rate * this.microNumerator, divisor);
  }

  /** Moves the position by `signed` lots at `price`; returns the realised profit in micro-USD. */
  private move(row: number, signed: number, price: number): number {
    const rows = this.rows.floats;
    const position = rows[row + RF_POSITION] as number;
    const moved = position + signed;
    if (position > 0) this.totals[TOTAL_OPEN_INTEREST]! -= position;
    if (moved > 0) this.totals[TOTAL_OPEN_INTEREST]! += moved;
    rows[row + RF_POSITION] = moved;
    if (position === 0 || position > 0 === signed > 0) {
      rows[row + RF_ENTRY_VALUE]! += signed * price;
      return 0;
    }
    const entry = rows[row + RF_ENTRY_VALUE] as number;
    const size = position > 0 ? position : -position;
    const fillLots = signed > 0 ? signed : -signed;
    const closed = fillLots < size ? fillLots : size;
    // Long: the share of the cost, rounded up. Short: the (negative) share of the proceeds, so rounded up as well.
    const share = closed === size ? entry : mulDivCeil(entry, closed, size);
    const proceeds = position > 0 ? closed * price : -closed * price;
    // After a flip the rest is a new position at this price.
    rows[row + RF_ENTRY_VALUE] = closed === size ? moved * price : entry - share;
    const realizedTickLots = proceeds - share;
    const realized =
      this.microDenominator === 1
        ? realizedTickLots * this.microNumerator
        : mulDivFloor(realizedTickLots, this.microNumerator, this.microDenominator);
    this.totals[TOTAL_CLEARING]! -= realized;
    return realized;
  }
}
