import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSteps, parseStep, printedStep, toNearestStep, toSteps } from './decimal-units.js';

const TENTH = { mantissa: 1, decimals: 1 };

describe('decimals of a capture', () => {
  it.each<[string, string, number | null]>([
    ['28145.10', '0.1', 281_451],
    ['28145.15', '0.1', null],
    ['0.000', '0.001', 0],
    ['1189.086', '0.001', 1_189_086],
    ['7', '0.001', 7000],
    ['1.5', '0.5', 3],
    ['1.6', '0.5', null],
    ['30', '10', 3],
    ['35', '10', null],
    ['', '0.1', null],
    ['.', '0.1', null],
    ['.5', '0.1', null],
    ['5.', '0.1', null],
    ['1.2.3', '0.1', null],
    ['-1', '0.1', null],
    ['1e3', '0.1', null],
    ['NaN', '0.1', null],
    ['99999999999999999999', '0.1', null],
  ])("'%s' in steps of %s is %s", (text, step, expected) => {
    expect(toSteps(text, parseStep('step', step))).toBe(expected);
  });

  it('come back as they were printed', () => {
    const steps = fc.integer({ min: 0, max: 2 ** 40 });
    const step = fc.record({
      mantissa: fc.integer({ min: 1, max: 100 }),
      decimals: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(steps, step, (count, unit) => {
        expect(toSteps(fromSteps(count, unit), unit)).toBe(count);
        expect(toSteps(`${fromSteps(count, unit)}${unit.decimals > 0 ? '00' : '.00'}`, unit)).toBe(
          count,
        );
      }),
    );
  });

  it('of an index price are rounded to the nearest tick', () => {
    expect(toNearestStep('28159.75642857', TENTH)).toBe(281_598);
    expect(toNearestStep('1e5', TENTH)).toBeNull();
  });

  it('tell the finest step that a venue can have', () => {
    expect(printedStep('28145.10')).toEqual({ mantissa: 1, decimals: 2 });
    expect(printedStep('7')).toEqual({ mantissa: 1, decimals: 0 });
    expect(parseStep('--tick', '0.50')).toEqual({ mantissa: 5, decimals: 1 });
  });
});
