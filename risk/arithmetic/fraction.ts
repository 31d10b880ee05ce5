/** numerator ÷ denominator, exact; the denominator is positive. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

/** The quotient of two numbers of any sign; the divisor is not zero. */
export function fractionOf(value: bigint, divisor: bigint): Fraction {
  return divisor < 0n
    ? { numerator: -value, denominator: -divisor }
    : { numerator: value, denominator: divisor };
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compareFractions(a: Fraction, b: Fraction): number {
  const left = a.numerator * b.denominator;
  const right = b.numerator * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}
