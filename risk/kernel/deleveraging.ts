import {
  B_MICRO_DENOMINATOR,
  B_MICRO_NUMERATOR,
  B_ROW_CHUNKS,
  B_ROW_TABLE,
  R_ENTRY_VALUE,
  R_POSITION,
  ROW_SHIFT,
  ROWS_CHUNK_SHIFT,
  ROWS_PER_CHUNK,
} from '../../engine/kernel/layout.js';
import { f64At, i32At, setF64 } from '../../engine/kernel/memory.js';
import { ADL_CANDIDATES_MAX } from '../../engine/messages/layout.js';
import { SIDE_SELL } from '../../engine/messages/types.js';
import { findAccount } from './accounts.js';
import { equityOfPosition } from './isolated.js';
import { CANDIDATE_BYTES, G_CANDIDATES, K_ACCOUNT, K_EQUITY, K_SCORE, M_MARK } from './layout.js';
import { equityOf } from './liquidation.js';
import { purseOf } from './purses.js';

/**
 * The accounts that come first when a position is deleveraged: on the other side of one that is closed by `side`, by the score of
 * risk/deleveraging/ranking.ts as a double, of equal ones the smaller account first. They stand at G_CANDIDATES, best first; returns how
 * many, at most eight. The market ranks them again with exact fractions: here a double may only decide who is ninth.
 */
export function bestCandidates(block: i32, side: i32): i32 {
  let count: i32 = 0;
  const chunks = i32At(block + B_ROW_CHUNKS);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const rows = i32At(i32At(block + B_ROW_TABLE) + (chunk << 3));
    if (rows === 0) continue;
    for (let i = 0; i < ROWS_PER_CHUNK; i++) {
      const row = rows + (i << ROW_SHIFT);
      const position = f64At(row + R_POSITION);
      if (position === 0 || position < 0 !== (side === SIDE_SELL)) continue;
      const account = (chunk << ROWS_CHUNK_SHIFT) + i;
      const record = findAccount(account);
      if (record === 0) continue;
      const purse = purseOf(block, account, record);
      const equity: f64 =
        purse === 0 ? equityOf(account, record) : equityOfPosition(block, row, purse);
      count = insert(count, block, row, account, equity);
    }
  }
  return count;
}

function insert(count: i32, block: i32, row: i32, account: i32, equity: f64): i32 {
  const score = scoreOf(block, row, equity);
  let at = count;
  if (count === ADL_CANDIDATES_MAX) {
    if (f64At(entryAt(count - 1) + K_SCORE) >= score) return count;
    at--;
  }
  while (at > 0 && f64At(entryAt(at - 1) + K_SCORE) < score) {
    copyEntry(entryAt(at - 1), entryAt(at));
    at--;
  }
  const entry = entryAt(at);
  setF64(entry + K_ACCOUNT, account);
  setF64(entry + K_EQUITY, equity);
  setF64(entry + K_SCORE, score);
  return count < ADL_CANDIDATES_MAX ? count + 1 : count;
}

function scoreOf(block: i32, row: i32, equity: f64): f64 {
  const mark = i32At(block + M_MARK);
  const position = f64At(row + R_POSITION);
  const entry: f64 = Math.abs(f64At(row + R_ENTRY_VALUE));
  const profit: f64 = position * mark - f64At(row + R_ENTRY_VALUE);
  const unit: f64 = f64At(block + B_MICRO_NUMERATOR) / f64At(block + B_MICRO_DENOMINATOR);
  const value: f64 = Math.abs(position) * mark * unit;
  const leverage: f64 = value / (equity > 1 ? equity : 1);
  const ratio: f64 = profit / (entry > 1 ? entry : 1);
  return profit >= 0 ? ratio * leverage : ratio / leverage;
}

function entryAt(index: i32): i32 {
  return G_CANDIDATES + index * CANDIDATE_BYTES;
}

function copyEntry(from: i32, to: i32): void {
  setF64(to + K_ACCOUNT, f64At(from + K_ACCOUNT));
  setF64(to + K_EQUITY, f64At(from + K_EQUITY));
  setF64(to + K_SCORE, f64At(from + K_SCORE));
}
