import { describe, expect, it } from 'vitest';
import { medianOf, spreadOf } from './statistics.js';
import { formatCount, formatPercent, formatRatio, formatTable } from './table.js';

describe('statistics of rounds', () => {
  it('takes the middle and the ends, whatever the order', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
    expect(medianOf([])).toBeNaN();
  });
});

describe('tables', () => {
  it('puts names to the left and figures to the right', () => {
    const text = formatTable(
      ['engine', 'ops/s'],
      [
        ['book', '12.3M'],
        ['naive', '80'],
      ],
    );
    expect(text).toBe('engine  ops/s\n------  -----\nbook    12.3M\nnaive      80');
  });

  it('rounds to what the noise leaves', () => {
    expect([12_345_678, 999_900, 12_345, 950, 1.234].map(formatCount)).toEqual([
      '12.3M',
      '1.00M',
      '12.3k',
      '950',
      '1.23',
    ]);
    expect([formatRatio(2.345), formatRatio(null), formatPercent(0.0123)]).toEqual([
      '2.35x',
      '-',
      '1.2 %',
    ]);
  });
});
