/**
 * Division of bigints with a named rounding. Divisors are positive. What is computed off the hot path is computed exactly, as one
 * fraction, and rounded once, at the end, by one of these.
 */

/** Towards −∞. */
export function divFloor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

/** Towards +∞. */
export function divCeil(value: bigint, divisor: bigint): bigint {
  return -divFloor(-value, divisor);
}

/** To the nearest whole number; halves go towards +∞. */
export function divNearest(value: bigint, divisor: bigint): bigint {
  return divFloor(2n * value + divisor, 2n * divisor);
}

export function absOf(value: bigint): bigint {
  return value < 0n ? -value : value;
}

export function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** `value` brought into ±`limit`; the limit is not negative. */
export function clampTo(value: bigint, limit: bigint): bigint {
  return maxOf(minOf(value, limit), -limit);
}
