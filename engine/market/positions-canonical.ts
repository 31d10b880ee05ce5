import { assert } from '../assert.js';
import {
  RF_ENTRY_VALUE,
  RF_FEE,
  RF_FUNDING_INDEX,
  RF_POSITION,
  RF_REALIZED,
  ROW_FLOATS,
} from '../book/account-rows.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import {
  type MarketPositions,
  TOTAL_CLEARING,
  TOTAL_FEES,
  TOTAL_OPEN_INTEREST,
} from './positions.js';

const COLUMNS = [RF_POSITION, RF_ENTRY_VALUE, RF_REALIZED, RF_FEE, RF_FUNDING_INDEX];

/** Totals, then count and rows (account id, position, entry value, realised, fees, funding index) by account id. */
export function writePositions(positions: MarketPositions, writer: CanonicalWriter): void {
  for (const total of positions.totals) writer.put(total);
  const countAt = writer.length;
  writer.put(0);
  let count = 0;
  const { floats, rows } = positions.rows;
  for (let account = 0; account < rows; account++) {
    const row = account * ROW_FLOATS;
    if (isEmpty(floats, row)) continue;
    writer.put(account);
    for (const column of COLUMNS) writer.put(floats[row + column] as number);
    count++;
  }
  writer.patch(countAt, count);
}

export function readPositions(positions: MarketPositions, reader: CanonicalReader): void {
  for (let i = 0; i < positions.totals.length; i++) positions.totals[i] = reader.take();
  const count = reader.take();
  for (let i = 0; i < count; i++) {
    const account = reader.take();
    positions.rows.ensure(account);
    const row = account * ROW_FLOATS;
    for (const column of COLUMNS) positions.rows.floats[row + column] = reader.take();
  }
}

/** Σ positions of the market in lots: has to be zero always. */
export function sumOfPositions(positions: MarketPositions): number {
  let sum = 0;
  const { floats, rows } = positions.rows;
  for (let account = 0; account < rows; account++) {
    sum += floats[account * ROW_FLOATS + RF_POSITION] as number;
  }
  return sum;
}

/** Every long has its short, totals are the sums of the rows. */
export function checkPositions(positions: MarketPositions): void {
  assert(sumOfPositions(positions) === 0, 'the sum of all positions of a market must be zero');
  let long = 0;
  let realized = 0n;
  let fees = 0n;
  const { floats, rows } = positions.rows;
  for (let account = 0; account < rows; account++) {
    const row = account * ROW_FLOATS;
    const position = floats[row + RF_POSITION] as number;
    const entry = floats[row + RF_ENTRY_VALUE] as number;
    if (position > 0) long += position;
    assert(position !== 0 || entry === 0, 'a flat position must have no entry value');
    assert(position * entry >= 0, 'size and entry value must have the same sign');
    realized += BigInt(floats[row + RF_REALIZED] as number);
    fees += BigInt(floats[row + RF_FEE] as number);
  }
  const totals = positions.totals;
  assert(totals[TOTAL_OPEN_INTEREST] === long, 'open interest must be the sum of long positions');
  assert(
    BigInt(totals[TOTAL_CLEARING] as number) === -realized,
    'clearing must mirror realised profit',
  );
  assert(
    BigInt(totals[TOTAL_FEES] as number) === fees,
    'fees must be the sum of what accounts paid',
  );
}

function isEmpty(floats: Float64Array, row: number): boolean {
  for (const column of COLUMNS) if (floats[row + column] !== 0) return false;
  return true;
}
