import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DecimalProblem,
  type DecimalRule,
  formatDecimal,
  formatFixed,
  MICRO_USD_STEP,
  parseDecimal,
  type Step,
} from './decimal.js';
import { MICRO_USD_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX } from './units.js';

const price: DecimalRule = {
  field: 'price',
  step: { mantissa: 25, decimals: 2 },
  most: PRICE_TICKS_MAX,
};
const amount: DecimalRule = { field: 'amount', step: MICRO_USD_STEP, most: MICRO_USD_MAX };

describe('parse', () => {
  it.each([
    ['0.25', 1],
    ['100', 400],
    ['100.50', 402],
    ['100.5000000000000000000000000', 402],
    ['0000100.5', 402],
    ['536870911.75', PRICE_TICKS_MAX],
  ])('price %s is %d ticks', (text, ticks) => {
    expect(parseDecimal(text, price)).toBe(ticks);
  });

  it.each([
    ['0.000001', 1],
    ['4503599627.370496', MICRO_USD_MAX],
  ])('amount %s is %d micro-USD', (text, microUsd) => {
    expect(parseDecimal(text, amount)).toBe(microUsd);
  });

  it.each([
    ['', 'must_be_a_plain_decimal'],
    [' 1', 'must_be_a_plain_decimal'],
    ['1 ', 'must_be_a_plain_decimal'],
    ['1\n', 'must_be_a_plain_decimal'],
    ['+1', 'must_be_a_plain_decimal'],
    ['.5', 'must_be_a_plain_decimal'],
    ['5.', 'must_be_a_plain_decimal'],
    ['1,5', 'must_be_a_plain_decimal'],
    ['1_000', 'must_be_a_plain_decimal'],
    ['1.2.3', 'must_be_a_plain_decimal'],
    ['--1', 'must_be_a_plain_decimal'],
    ['1e3', 'must_be_a_plain_decimal'],
    ['1E-2', 'must_be_a_plain_decimal'],
    ['0x10', 'must_be_a_plain_decimal'],
    ['NaN', 'must_be_a_plain_decimal'],
    ['Infinity', 'must_be_a_plain_decimal'],
    ['١', 'must_be_a_plain_decimal'],
    [100, 'must_be_text'],
    [null, 'must_be_text'],
    [undefined, 'must_be_text'],
    [{}, 'must_be_text'],
    ['0', 'must_not_be_below_limit'],
    ['0.00', 'must_not_be_below_limit'],
    ['-0', 'must_not_be_below_limit'],
    ['-0.25', 'must_not_be_below_limit'],
    ['0.24', 'must_not_be_below_limit'],
    ['536870912', 'must_not_exceed_limit'],
    ['536870911.7500000000000000000001', 'must_not_exceed_limit'],
    ['9999999999999999999999999999999999999999', 'must_not_exceed_limit'],
    ['0.26', 'must_be_a_multiple_of_step'],
    ['100.1', 'must_be_a_multiple_of_step'],
    ['100.25000000000000000000000000000000001', 'must_be_a_multiple_of_step'],
    ['0'.repeat(41), 'must_not_be_longer_than_limit'],
  ])('refuses %j: %s', (text, fault) => {
    expect(parseDecimal(text, price)).toMatchObject({ field: 'price', fault });
  });

  it.each([
    ['0.26', 'price must be a multiple of 0.25, but is 0.26'],
    ['0', 'price must not be below 0.25, but is 0'],
    ['536870912', 'price must not exceed 536870911.75, but is 536870912'],
    ['1e3', 'price must be digits with at most one point, but is 1e3'],
    [7, 'price must be a decimal in quotes, but is 7'],
  ])('says what is wrong with %j', (text, sentence) => {
    expect((parseDecimal(text, price) as DecimalProblem).sentence).toBe(sentence);
  });

  it('takes zero and negative numbers where the rule says so, and never gives −0', () => {
    const signed = { ...amount, least: -MICRO_USD_MAX };
    expect(parseDecimal('-0.000', signed)).toBe(0);
    expect(parseDecimal('-4503599627.370496', signed)).toBe(-MICRO_USD_MAX);
    expect(parseDecimal('-1.5', { ...signed, step: { mantissa: 3, decimals: 0 } })).toMatchObject({
      fault: 'must_be_a_multiple_of_step',
    });
  });
});

describe('format', () => {
  it.each([
    [400, '100', '100.00'],
    [402, '100.5', '100.50'],
    [1, '0.25', '0.25'],
    [0, '0', '0.00'],
    [-3, '-0.75', '-0.75'],
    [10n ** 30n, '250000000000000000000000000000', '250000000000000000000000000000.00'],
  ])('%s ticks are %s, or %s in a column', (ticks, plain, fixed) => {
    expect(formatDecimal(ticks, price.step)).toBe(plain);
    expect(formatFixed(ticks, price.step)).toBe(fixed);
  });

  it('shows the smallest step of all without an exponent', () => {
    expect(formatDecimal(1, { mantissa: 1, decimals: 12 })).toBe('0.000000000001');
  });
});

describe('round trip', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    mantissa: fc.oneof(fc.constantFrom(1, 2, 5, 25, 125), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
    decimals: fc.integer({ min: 0, max: 12 }),
  });
  const steps = fc.oneof(
    fc.integer({ min: 1, max: PRICE_TICKS_MAX }),
    fc.maxSafeNat().map((n) => (n % QTY_LOTS_MAX) + 1),
    fc.maxSafeNat().map((n) => (n % MICRO_USD_MAX) + 1),
  );

  it('what is formatted parses to the same steps', () => {
    fc.assert(
      fc.property(step, steps, (each, count) => {
        const rule = { field: 'size', step: each, most: MICRO_USD_MAX };
        expect(parseDecimal(formatDecimal(count, each), rule)).toBe(count);
        expect(parseDecimal(formatFixed(count, each), rule)).toBe(count);
      }),
      { numRuns: 3000 },
    );
  });

  it('what parses equals the text in exact arithmetic, and everything else is refused', () => {
    fc.assert(
      fc.property(
        step,
        fc.maxSafeNat(),
        fc.integer({ min: 0, max: 14 }),
        (each, digits, fraction) => {
          const text = formatDecimal(digits, { mantissa: 1, decimals: fraction });
          const parsed = parseDecimal(text, { field: 'size', step: each, most: MICRO_USD_MAX });
          // text = digits × 10^−fraction; steps × mantissa × 10^−decimals must be the same number.
          const left = BigInt(digits) * 10n ** BigInt(each.decimals);
          const right = BigInt(each.mantissa) * 10n ** BigInt(fraction);
          const isWhole = left % right === 0n;
          const isWithin = left >= right && left <= BigInt(MICRO_USD_MAX) * right;
          if (isWhole && isWithin) expect(parsed).toBe(Number(left / right));
          else expect(parsed).toBeTypeOf('object');
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('any text at all gives steps within the limits or a problem', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-0-9.e]{0,45}$/)), (text) => {
        const parsed = parseDecimal(text, price);
        if (typeof parsed !== 'number') return;
        expect(Number.isInteger(parsed)).toBe(true);
        expect(parsed).toBeGreaterThanOrEqual(1);
        expect(parsed).toBeLessThanOrEqual(price.most);
      }),
      { numRuns: 3000 },
    );
  });
});
