import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DECIMAL_MALFORMED,
  DECIMAL_NOT_A_MULTIPLE,
  DECIMAL_TOO_LARGE,
  formatScaled,
  parseUnits,
  writeScaled,
} from './decimal-text.js';

const Exact = Decimal.clone({ precision: 60 });
const mantissa = fc.constantFrom(1, 2, 5, 25, 125);
const decimals = fc.integer({ min: 0, max: 9 });

function parse(text: string, mantissa: number, decimals: number): number {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  return parseUnits(bytes, 1, bytes.length - 1, mantissa, decimals);
}

describe('decimals as text', () => {
  it('are written as decimal.js writes them, digit for digit', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), decimals, (scaled, places) => {
        const wanted = new Exact(scaled).div(new Exact(10).pow(places)).toFixed(places);
        const bytes = Buffer.alloc(64, 0xff);
        const end = writeScaled(bytes, 3, scaled, places);
        expect(bytes.toString('latin1', 3, end)).toBe(wanted.replace(/^-(0\.?0*)$/, '$1'));
        expect(formatScaled(scaled, 1, places)).toBe(bytes.toString('latin1', 3, end));
        expect(bytes[end]).toBe(0xff);
      }),
    );
  });

  it('come back as the units that were written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 }), mantissa, decimals, (units, step, places) => {
        expect(parse(formatScaled(units, step, places), step, places)).toBe(units);
      }),
    );
  });

  it.each([
    ['', 1, 2, DECIMAL_MALFORMED],
    ['.5', 1, 2, DECIMAL_MALFORMED],
    ['5.', 1, 2, DECIMAL_MALFORMED],
    ['1e3', 1, 2, DECIMAL_MALFORMED],
    ['-1', 1, 2, DECIMAL_MALFORMED],
    ['+1', 1, 2, DECIMAL_MALFORMED],
    ['1.0.0', 1, 2, DECIMAL_MALFORMED],
    ['1'.repeat(41), 1, 2, DECIMAL_MALFORMED],
    ['1.005', 1, 2, DECIMAL_NOT_A_MULTIPLE],
    ['0.3', 25, 2, DECIMAL_NOT_A_MULTIPLE],
    ['90071992547409.92', 1, 2, DECIMAL_TOO_LARGE],
    ['90071992547409.91', 1, 2, Number.MAX_SAFE_INTEGER],
    ['0001.50', 1, 1, 15],
    ['1.500000', 1, 1, 15],
    ['0', 25, 4, 0],
    ['0.25', 25, 2, 1],
  ])('%s in steps of %d with %d decimals is %d', (text, step, places, units) => {
    expect(parse(text, step, places)).toBe(units);
  });
});
