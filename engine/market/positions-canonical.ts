import { assert } from '../assert.js';
import { R_ENTRY_VALUE, R_POSITION, S_FEE, S_FUNDING, S_REALIZED } from '../kernel/layout.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asMicroUsd } from '../units/units.js';
import {
  type MarketPositions,
  TOTAL_CLEARING,
  TOTAL_FEES,
  TOTAL_OPEN_INTEREST,
} from './positions.js';

const SETTLED_COLUMNS = [S_REALIZED, S_FEE, S_FUNDING];

/** Totals, share of the insurance fund, then count and rows (account id, position, entry value, realised, fees, funding) by account id. */
export function writePositions(positions: MarketPositions, writer: CanonicalWriter): void {
  for (const total of positions.totals) writer.put(total);
  writer.put(positions.insuranceMicroUsd);
  const countAt = writer.length;
  writer.put(0);
  let count = 0;
  const { kernel } = positions.rows;
  positions.rows.forEach((account, row) => {
    if (isEmpty(positions, account, row)) return;
    writer.put(account);
    writer.put(kernel.float(row + R_POSITION));
    writer.put(kernel.float(row + R_ENTRY_VALUE));
    for (const column of SETTLED_COLUMNS) writer.put(positions.settled(account, column));
    count++;
  });
  writer.patch(countAt, count);
}

export function readPositions(positions: MarketPositions, reader: CanonicalReader): void {
  for (let i = 0; i < positions.totals.length; i++) positions.totals[i] = reader.take();
  positions.insuranceMicroUsd = asMicroUsd(reader.take());
  const count = reader.take();
  for (let i = 0; i < count; i++) {
    const account = reader.take();
    positions.rows.set(account, R_POSITION, reader.take());
    positions.rows.set(account, R_ENTRY_VALUE, reader.take());
    for (const column of SETTLED_COLUMNS) positions.setSettled(account, column, reader.take());
  }
}

/** Σ positions of the market in lots: has to be zero always. */
export function sumOfPositions(positions: MarketPositions): number {
  let sum = 0;
  const { kernel } = positions.rows;
  positions.rows.forEach((_account, row) => {
    sum += kernel.float(row + R_POSITION);
  });
  return sum;
}

/** Every long has its short, totals are the sums of the rows. `paidIn`: micro-USD of the insurance fund that funding did not leave. */
export function checkPositions(positions: MarketPositions, paidIn: bigint): void {
  assert(sumOfPositions(positions) === 0, 'the sum of all positions of a market must be zero');
  let long = 0;
  let realized = 0n;
  let fees = 0n;
  let funding = 0n;
  const { kernel } = positions.rows;
  positions.rows.forEach((account, row) => {
    const position = kernel.float(row + R_POSITION);
    const entry = kernel.float(row + R_ENTRY_VALUE);
    if (position > 0) long += position;
    assert(position !== 0 || entry === 0, 'a flat position must have no entry value');
    assert(position * entry >= 0, 'size and entry value must have the same sign');
    realized += BigInt(positions.settled(account, S_REALIZED));
    fees += BigInt(positions.settled(account, S_FEE));
    funding += BigInt(positions.settled(account, S_FUNDING));
  });
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
  assert(
    BigInt(positions.insuranceMicroUsd) === funding + paidIn && positions.insuranceMicroUsd >= 0,
    'the insurance fund must have what funding left and what was paid in, never less than nothing',
  );
}

function isEmpty(positions: MarketPositions, account: number, row: number): boolean {
  if (positions.rows.kernel.float(row + R_POSITION) !== 0) return false;
  return SETTLED_COLUMNS.every((column) => positions.settled(account, column) === 0);
}
