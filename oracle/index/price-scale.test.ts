import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleObservation } from './price-scale.js';

const CENT = { mantissa: 1, decimals: 2 };

function scaled(mantissa: bigint, exponent: number, confidence = 0n, tick = CENT) {
  const rest = { feed: 'x', publishTimeMs: 0, order: 0n };
  return scaleObservation({ mantissa, confidenceMantissa: confidence, exponent, ...rest }, tick);
}

describe('a price in thousandths of a tick', () => {
  it('goes to the nearest, halves up, and its confidence up', () => {
    // 1.234565 USD are 123.4565 cents.
    expect(scaled(1_234_565n, -6, 1n)).toEqual({
      priceMilliTicks: 123_457,
      confidenceMilliTicks: 1,
    });
    expect(scaled(1_234_564n, -6)).toEqual({ priceMilliTicks: 123_456, confidenceMilliTicks: 0 });
    expect(scaled(67_000n, 0, 10n, { mantissa: 25, decimals: 2 })).toEqual({
      priceMilliTicks: 268_000_000,
      confidenceMilliTicks: 40_000,
    });
    // Two with an exponent of 9, in steps of 500,000.
    expect(scaled(2n, 9, 0n, { mantissa: 500_000, decimals: 0 })).toMatchObject({
      priceMilliTicks: 4_000_000,
    });
  });

  it.each([
    [0n, -8, 'price_is_not_positive'],
    [-1n, -8, 'price_is_not_positive'],
    [1n, -30, 'price_is_not_positive'],
    [1n, -31, 'exponent_is_beyond_limit'],
    [1n, 19, 'exponent_is_beyond_limit'],
    [1n, -(2 ** 31), 'exponent_is_beyond_limit'],
    [1n, 2 ** 31 - 1, 'exponent_is_beyond_limit'],
    [2n ** 63n - 1n, 18, 'price_is_too_high'],
    [21_474_836_48n, -2, 'price_is_too_high'],
  ])('%s × 10^%s is refused: %s', (mantissa, exponent, fault) => {
    expect(scaled(mantissa, exponent)).toBe(fault);
  });

  it('reaches up to the highest tick, and the widest confidence is a number still', () => {
    expect(scaled(21_474_836_47n, -2, 2n ** 64n - 1n)).toEqual({
      priceMilliTicks: (2 ** 31 - 1) * 1000,
      confidenceMilliTicks: (2 ** 31 - 1) * 1000,
    });
  });

  it('is never farther from the price than half a thousandth', () => {
    const mantissas = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
    const ticks = fc.record({
      mantissa: fc.integer({ min: 1, max: 1000 }),
      decimals: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(
        mantissas,
        fc.integer({ min: -30, max: 18 }),
        ticks,
        (mantissa, exponent, tick) => {
          const found = scaled(mantissa, exponent, mantissa, tick);
          if (typeof found === 'string') return;
          // Both sides × 10^(30 + decimals): found ÷ 1000 × tick, and the price.
          const left = BigInt(found.priceMilliTicks) * BigInt(tick.mantissa) * 10n ** 30n;
          const right = mantissa * 10n ** BigInt(exponent + 30 + tick.decimals + 3);
          const distance = left > right ? left - right : right - left;
          expect(2n * distance <= BigInt(tick.mantissa) * 10n ** 30n).toBe(true);
          expect(found.confidenceMilliTicks).toBeGreaterThanOrEqual(found.priceMilliTicks - 1);
        },
      ),
      { numRuns: 500 },
    );
  });
});
