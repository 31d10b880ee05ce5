import { assert } from '../assert.js';
import { RF_ENTRY_VALUE, RF_POSITION, ROW_FLOATS } from '../book/account-rows.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import {
  type MarketPositions,
  SETTLED_FLOATS,
  STF_FEE,
  STF_FUNDING_INDEX,
  STF_REALIZED,
  TOTAL_CLEARING,
  TOTAL_FEES,
  TOTAL_OPEN_INTEREST,
} from './positions.js';

const SETTLED_COLUMNS = [STF_REALIZED, STF_FEE, STF_FUNDING_INDEX];

/** Totals, then count and rows (account id, position, entry value, realised, fees, funding index) by account id. */
export function writePositions(positions: MarketPositions, writer: CanonicalWriter): void {
  for (const total of positions.totals) writer.put(total);
  const countAt = writer.length;
  writer.put(0);
  let count = 0;
  const { floats, rows } = positions.rows;
  for (let account = 0; account < rows; account++) {
    if (isEmpty(positions, account)) continue;
    writer.put(account);
    writer.put(floats[account * ROW_FLOATS + RF_POSITION] as number);
    writer.put(floats[account * ROW_FLOATS + RF_ENTRY_VALUE] as number);
    for (const column of SETTLED_COLUMNS) writer.put(settledOf(positions, account, column));
    count++;
  }
  writer.patch(countAt, count);
}

export function readPositions(positions: MarketPositions, reader: CanonicalReader): void {
  for (let i = 0; i < positions.totals.length; i++) positions.totals[i] = reader.take();
  const count = reader.take();
  for (let i = 0; i < count; i++) {
    const account = reader.take();
    positions.ensure(account);
    positions.rows.floats[account * ROW_FLOATS + RF_POSITION] = reader.take();
    positions.rows.floats[account * ROW_FLOATS + RF_ENTRY_VALUE] = reader.take();
    for (const column of SETTLED_COLUMNS) {
      positions.settled[account * SETTLED_FLOATS + column] = reader.take();
    }
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
    realized += BigInt(settledOf(positions, account, STF_REALIZED));
    fees += BigInt(settledOf(positions, account, STF_FEE));
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

/** A row can be there before its record is: then nothing was settled. */
function settledOf(positions: MarketPositions, account: number, column: number): number {
  return positions.settled[account * SETTLED_FLOATS + column] ?? 0;
}

function isEmpty(positions: MarketPositions, account: number): boolean {
  const row = account * ROW_FLOATS;
  if (positions.rows.floats[row + RF_POSITION] !== 0) return false;
  return SETTLED_COLUMNS.every((column) => settledOf(positions, account, column) === 0);
}
