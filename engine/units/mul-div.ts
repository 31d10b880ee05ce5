/**
 * Exact a × b ÷ d on safe integers, rounding by name. `a` may have any sign, `b` ≥ 0, `d` > 0.
 *
 * Three ways, all exact: the product itself when it stays below 2^53; a = q·d + r split when d × b does
 * (always so for rates in ppm, whose divisor is a million); bigint for what is left. The result has to be
 * a safe integer, which the callers' limits (2^52 on values and money) guarantee. It is never −0 (hence `0 −` instead of
 * a sign), because results go into messages whose bytes are compared.
 */
const EXACT_MAX = Number.MAX_SAFE_INTEGER;

/** Quotient rounded towards −∞. */
export function mulDivFloor(a: number, b: number, d: number): number {
  return a >= 0 ? floorOfNonNegative(a, b, d) : 0 - ceilOfNonNegative(-a, b, d);
}

/** Quotient rounded towards +∞. */
export function mulDivCeil(a: number, b: number, d: number): number {
  return a >= 0 ? ceilOfNonNegative(a, b, d) : 0 - floorOfNonNegative(-a, b, d);
}

/** Quotient rounded towards zero. */
export function mulDivTrunc(a: number, b: number, d: number): number {
  return a >= 0 ? floorOfNonNegative(a, b, d) : 0 - floorOfNonNegative(-a, b, d);
}

function floorOfNonNegative(a: number, b: number, d: number): number {
  const product = a * b;
  if (product <= EXACT_MAX) return divFloorNonNegative(product, d);
  return floorOfLargeProduct(a, b, d);
}

function ceilOfNonNegative(a: number, b: number, d: number): number {
  const product = a * b;
  if (product <= EXACT_MAX) {
    const quotient = divFloorNonNegative(product, d);
    return quotient * d === product ? quotient : quotient + 1;
  }
  return ceilOfLargeProduct(a, b, d);
}

/** A correctly rounded double quotient can be one too large, never too small: the remainder tells. */
function divFloorNonNegative(n: number, d: number): number {
  const quotient = Math.floor(n / d);
  return quotient * d > n ? quotient - 1 : quotient;
}

function floorOfLargeProduct(a: number, b: number, d: number): number {
  if (d * b <= EXACT_MAX) {
    const whole = divFloorNonNegative(a, d);
    return whole * b + divFloorNonNegative((a - whole * d) * b, d);
  }
  return Number((BigInt(a) * BigInt(b)) / BigInt(d));
}

function ceilOfLargeProduct(a: number, b: number, d: number): number {
  if (d * b <= EXACT_MAX) {
    const whole = divFloorNonNegative(a, d);
    const restProduct = (a - whole * d) * b;
    const rest = divFloorNonNegative(restProduct, d);
    return whole * b + (rest * d === restProduct ? rest : rest + 1);
  }
  const divisor = BigInt(d);
  return Number((BigInt(a) * BigInt(b) + divisor - 1n) / divisor);
}
