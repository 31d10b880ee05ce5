import { describe, expect, it } from 'vitest';
import { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { type BestPrices, TickerCheck } from './ticker-check.js';

function best(updateId: number, bidLots: number): BestPrices {
  return { updateId, bidTicks: 99, bidLots, askTicks: 101, askLots: 5 };
}

describe('the ticker of a row', () => {
  it('is the newest one that is not younger, whichever of the two arrives first', () => {
    const check = new TickerCheck();
    check.addTicker(best(10, 1));
    check.addRow(best(12, 1));
    check.addRow(best(20, 2));
    // The ticker of row 20 is late; the one of row 12 was there.
    check.addTicker(best(18, 2));
    expect(check.rowsEqualSoFar).toBe(2);
    check.addTicker(best(25, 3));
    check.addRow(best(25, 3));
    check.addRow(best(26, 4));
    expect(check.rows).toBe(4);
    expect(check.rowsEqualSoFar).toBe(3);
  });

  it('is missing before the first one, and a ticker that steps back is left out', () => {
    const check = new TickerCheck();
    check.addRow(best(5, 1));
    check.addTicker(best(10, 1));
    check.addTicker(best(9, 7));
    check.addRow(best(11, 1));
    expect(check.tickersOutOfOrder).toBe(1);
    expect(check.rowsEqualSoFar).toBe(1);
  });

  it('is found after a resumption, too', () => {
    const check = new TickerCheck();
    check.addTicker(best(10, 1));
    check.addRow(best(12, 1));
    check.addRow(best(20, 2));
    const writer = new CanonicalWriter();
    check.write(writer);
    const resumed = new TickerCheck();
    resumed.read(new CanonicalReader(writer.bytes()));
    resumed.addTicker(best(18, 2));
    resumed.addTicker(best(21, 3));
    expect([resumed.rows, resumed.rowsEqual, resumed.tickers]).toEqual([2, 2, 3]);
  });
});
