import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mulDivCeil, mulDivFloor, mulDivTrunc } from './mul-div.js';

const MAX = Number.MAX_SAFE_INTEGER;

/** Where double arithmetic goes wrong: near 2^53, near the square root of it, and at powers of two and ten. */
const EDGES = [0, 1, 2, 3, 7, 94_906_265, 94_906_266, 94_906_267].concat(
  [20, 26, 27, 31, 32, 40, 52].flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]),
  [999_999, 1_000_000, 1_000_001, 10 ** 15, MAX - 2, MAX - 1, MAX],
);

const magnitude = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.maxSafeNat(),
  // Uniform in the number of bits, so that small and large factors meet.
  fc.tuple(fc.integer({ min: 1, max: 53 }), fc.maxSafeNat()).map(([bits, n]) => n % 2 ** bits),
);
const signed = fc
  .tuple(magnitude, fc.boolean())
  .map(([n, isNegative]) => (isNegative && n !== 0 ? -n : n));
const divisor = magnitude.map((n) => Math.max(n, 1));

const ROUNDINGS = {
  floor: { fast: mulDivFloor, exact: floorOf },
  ceil: { fast: mulDivCeil, exact: (n: bigint, d: bigint) => -floorOf(-n, d) },
  trunc: { fast: mulDivTrunc, exact: (n: bigint, d: bigint) => n / d },
};

describe.each(Object.entries(ROUNDINGS))('mulDiv rounding by %s', (_, { fast, exact }) => {
  it('equals bigint arithmetic whenever the result is a safe integer', () => {
    fc.assert(
      fc.property(signed, magnitude, divisor, (a, b, d) => {
        const expected = exact(BigInt(a) * BigInt(b), BigInt(d));
        fc.pre(expected >= BigInt(-MAX) && expected <= BigInt(MAX));
        expect(fast(a, b, d)).toBe(Number(expected));
      }),
      { numRuns: 20_000 },
    );
  });

  it('equals bigint arithmetic for rates in ppm and values up to 2^52', () => {
    fc.assert(
      fc.property(signed, fc.integer({ min: 0, max: 10_000_000 }), (a, rate) => {
        const value = (a % 2 ** 52) + 0;
        const expected = exact(BigInt(value) * BigInt(rate), 1_000_000n);
        fc.pre(expected >= BigInt(-MAX) && expected <= BigInt(MAX));
        expect(fast(value, rate, 1_000_000)).toBe(Number(expected));
      }),
      { numRuns: 20_000 },
    );
  });

  it('is right one below, at and one above every multiple of an edge', () => {
    for (const d of EDGES.filter((edge) => edge > 0)) {
      for (const b of EDGES) {
        for (const a of EDGES.flatMap((edge) => [edge, 0 - edge])) {
          const expected = exact(BigInt(a) * BigInt(b), BigInt(d));
          if (expected < BigInt(-MAX) || expected > BigInt(MAX)) continue;
          if (!Object.is(fast(a, b, d), Number(expected))) {
            expect.fail(`${a} × ${b} ÷ ${d}: ${fast(a, b, d)} instead of ${expected}`);
          }
        }
      }
    }
  });

  it('is exact when nothing is left over', () => {
    fc.assert(
      fc.property(signed, divisor, (a, d) => {
        expect(fast(a, d, d)).toBe(a);
        expect(fast(a, 1, 1)).toBe(a);
      }),
    );
  });
});

it.each([
  [7, 1, 2, 3, 4, 3],
  [-7, 1, 2, -4, -3, -3],
  [0, 5, 3, 0, 0, 0],
  [MAX, MAX, MAX, MAX, MAX, MAX],
  [-MAX, 1, 2, -(2 ** 52), -(2 ** 52) + 1, -(2 ** 52) + 1],
  [
    2 ** 52,
    333_333,
    1_000_000,
    1_501_198_374_590_289,
    1_501_198_374_590_290,
    1_501_198_374_590_289,
  ],
])('%d × %d ÷ %d is %d, %d or %d', (a, b, d, down, up, towardsZero) => {
  expect(mulDivFloor(a, b, d)).toBe(down);
  expect(mulDivCeil(a, b, d)).toBe(up);
  expect(mulDivTrunc(a, b, d)).toBe(towardsZero);
});

function floorOf(n: bigint, d: bigint): bigint {
  const quotient = n / d;
  return n % d < 0n ? quotient - 1n : quotient;
}
