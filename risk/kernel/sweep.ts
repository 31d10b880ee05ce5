import {
  B_MICRO_DENOMINATOR,
  B_MICRO_NUMERATOR,
  B_ROW_CHUNKS,
  R_ENTRY_VALUE,
  R_POSITION,
} from '../../engine/kernel/layout.js';
import { f64At, i32At, lowestBit, setF64 } from '../../engine/kernel/memory.js';
import { rowOf } from '../../engine/kernel/rows.js';
import { accountAt } from './accounts.js';
import {
  A_ACTIVE,
  A_COLLATERAL,
  A_EXISTS,
  A_ISOLATES,
  A_LIQUIDATING,
  A_STATUS,
  ACCOUNT_SHIFT,
  ACCOUNTS_PER_CHUNK,
  G_ACCOUNT_CHUNKS,
  G_MARKETS,
  M_MAINTENANCE_RATE,
  M_MARK,
  M_PURSE_CHUNKS,
  M_RATE_DIVISOR,
  M_SECOND_FLOOR,
  M_SWEEP_LOTS,
  M_SWEEP_MARGIN,
  M_SWEEP_PRICE,
  M_SWEEP_UNIT,
  MARKETS_MAX,
} from './layout.js';
import { isAnythingNewlyBelow, isBelowMargin } from './liquidation.js';

/**
 * Sweeps over all accounts, in threads that may not write. Nearly everybody is far from the line, so that is asked first, with plain
 * products that are a little off; only who may be below is asked exactly.
 *
 * How far off: a product of at most 2^52 micro-USD by some 2^-51 of itself, the exact roundings by a micro-USD each, thus less than
 * 16 a position; sums of at most 64 × 2^53 by 64 each time that something is added. With 64 markets that is less than 20,000 micro-USD.
 */
const SLACK_MICRO_USD: f64 = 1000000;
/** Room for the rounding of a quotient. */
const SLIGHTLY_LESS: f64 = 0.999999999;

/** Call when the market's mark or rates have changed. */
export function prepareSweep(block: i32): void {
  const mark: f64 = i32At(block + M_MARK);
  const unit: f64 = f64At(block + B_MICRO_NUMERATOR) / f64At(block + B_MICRO_DENOMINATOR);
  const margin: f64 = f64At(block + M_MAINTENANCE_RATE) / f64At(block + M_RATE_DIVISOR);
  setF64(block + M_SWEEP_UNIT, unit);
  setF64(block + M_SWEEP_PRICE, mark * unit);
  setF64(block + M_SWEEP_MARGIN, mark * margin);
  const floor = f64At(block + M_SECOND_FLOOR);
  setF64(block + M_SWEEP_LOTS, mark === 0 ? Infinity : (floor / mark) * SLIGHTLY_LESS);
}

/** The first account of those from `first` on, and before `end`, that is below its margin and not being liquidated yet; 0: none is. */
export function nextBelowMargin(first: i32, end: i32): i32 {
  for (let account = first; account < end; ) {
    const last = account | (ACCOUNTS_PER_CHUNK - 1);
    const stop = last < end ? last + 1 : end;
    let record = accountAt(account);
    if (record === 0) account = stop;
    for (; account < stop; account++) {
      const status = i32At(record + A_STATUS);
      if ((status & A_ISOLATES) !== 0) {
        if (isAnythingNewlyBelow(account, record)) return account;
      } else {
        const isTrader = (status & (A_EXISTS | A_LIQUIDATING)) === A_EXISTS;
        if (isTrader && !isFarAbove(account, record) && isBelowMargin(account, record)) {
          return account;
        }
      }
      record += 1 << ACCOUNT_SHIFT;
    }
  }
  return 0;
}

/** Whether equity is certainly not below maintenance margin. False also where that takes tiers to say. */
function isFarAbove(account: i32, record: i32): boolean {
  let left = f64At(record + A_COLLATERAL);
  for (let half = 0; half < 2; half++) {
    let active = i32At(record + A_ACTIVE + (half << 2));
    while (active !== 0) {
      const block = i32At(G_MARKETS + (((half << 5) + lowestBit(active)) << 2));
      active &= active - 1;
      const row = rowOf(block, account);
      const position = f64At(row + R_POSITION);
      const size: f64 = Math.abs(position);
      if (size >= f64At(block + M_SWEEP_LOTS)) return false;
      left += position * f64At(block + M_SWEEP_PRICE) - size * f64At(block + M_SWEEP_MARGIN);
      left -= f64At(row + R_ENTRY_VALUE) * f64At(block + M_SWEEP_UNIT);
    }
  }
  return left > SLACK_MICRO_USD;
}

/**
 * Grows whenever a table of accounts or of rows has moved: who reads in another thread has read through nothing but tables that were in
 * use when it is the same before and after.
 */
export function tableSizes(): i32 {
  let sizes = i32At(G_ACCOUNT_CHUNKS);
  for (let market = 0; market < MARKETS_MAX; market++) {
    const block = i32At(G_MARKETS + (market << 2));
    if (block === 0) continue;
    sizes += i32At(block + B_ROW_CHUNKS) + i32At(block + M_PURSE_CHUNKS);
  }
  return sizes;
}
