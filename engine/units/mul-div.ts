/**
 * Exact a × b ÷ d on safe integers, rounding by name. `a` may have any sign, `b` ≥ 0, 0 < `d` ≤ 2^50. The result has to be a
 * safe integer, which the callers' limits (2^52 on values and money) guarantee.
 *
 * Two ways, both exact: the product itself when it stays below 2^53; else quotient and remainder from the product as a double
 * and its rounding error, which is a double too (Dekker, "A floating-point technique for extending the available
 * precision", 1971). So everything is plain floating-point arithmetic, the same in JavaScript and WebAssembly. The
 * result is never −0 (hence `0 −` instead of a sign), because results go into messages whose bytes are compared.
 */
const EXACT_MAX: f64 = 9007199254740991;
/** 2^27 + 1 splits a double into two halves of 26 bits, whose products are exact (Veltkamp). */
const SPLITTER: f64 = 134217729;

/** Quotient rounded towards −∞. */
export function mulDivFloor(a: f64, b: f64, d: f64): f64 {
  return a >= 0 ? floorOfNonNegative(a, b, d) : 0 - ceilOfNonNegative(-a, b, d);
}

/** Quotient rounded towards +∞. */
export function mulDivCeil(a: f64, b: f64, d: f64): f64 {
  return a >= 0 ? ceilOfNonNegative(a, b, d) : 0 - floorOfNonNegative(-a, b, d);
}

/** Quotient rounded towards zero. */
export function mulDivTrunc(a: f64, b: f64, d: f64): f64 {
  return a >= 0 ? floorOfNonNegative(a, b, d) : 0 - floorOfNonNegative(-a, b, d);
}

/** Whether a × b > c × d, exactly. */
export function productExceeds(a: f64, b: f64, c: f64, d: f64): boolean {
  const left: f64 = a * b;
  const right: f64 = c * d;
  // Rounding keeps the order; only where both round to the same double do their errors decide.
  return left !== right ? left > right : errorOf(a, b, left) > errorOf(c, d, right);
}

function floorOfNonNegative(a: f64, b: f64, d: f64): f64 {
  const product: f64 = a * b;
  if (product > EXACT_MAX) return largeQuotient(a, b, d, false);
  // A correctly rounded quotient can be one too large, never too small: the remainder tells.
  const quotient: f64 = Math.floor(product / d);
  return quotient * d > product ? quotient - 1 : quotient;
}

function ceilOfNonNegative(a: f64, b: f64, d: f64): f64 {
  const product: f64 = a * b;
  if (product > EXACT_MAX) return largeQuotient(a, b, d, true);
  const quotient: f64 = Math.ceil(product / d);
  return (quotient - 1) * d >= product ? quotient - 1 : quotient;
}

function largeQuotient(a: f64, b: f64, d: f64, up: boolean): f64 {
  const product: f64 = a * b;
  let quotient: f64 = Math.floor(product / d);
  const multiple: f64 = quotient * d;
  // The products are within a few d of each other, so the difference is exact, and so is that of their errors.
  let rest: f64 = product - multiple + (errorOf(a, b, product) - errorOf(quotient, d, multiple));
  while (rest < 0) {
    quotient -= 1;
    rest += d;
  }
  while (rest >= d) {
    quotient += 1;
    rest -= d;
  }
  return up && rest > 0 ? quotient + 1 : quotient;
}

/** a × b − product, exactly, where `product` is the double next to a × b. */
function errorOf(a: f64, b: f64, product: f64): f64 {
  const aScaled: f64 = SPLITTER * a;
  const aHigh: f64 = aScaled - (aScaled - a);
  const aLow: f64 = a - aHigh;
  const bScaled: f64 = SPLITTER * b;
  const bHigh: f64 = bScaled - (bScaled - b);
  const bLow: f64 = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}
