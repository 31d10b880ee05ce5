import { Decimal } from 'decimal.js';
import { DECIMAL_CHARACTERS_MAX } from '../../engine/units/decimal.js';
import { divNearest } from '../../engine/units/division.js';
import { shown } from '../config/problem.js';

// Forty characters each, multiplied and shifted, and never in exponent form.
const Digits = Decimal.clone({ precision: 200, toExpNeg: -300, toExpPos: 300 });
const PLAIN = /^-?[0-9]+(\.[0-9]+)?$/;

/** A decimal of a document as it was written, and as whole numbers of any power of ten that it is a multiple of. */
export class Exact {
  readonly text: string;
  private readonly value: Decimal;

  constructor(text: string) {
    this.text = text;
    this.value = new Digits(text);
  }

  /** Digits behind the point that matter. */
  get decimals(): number {
    return this.value.decimalPlaces();
  }

  comparedTo(other: Exact): number {
    return this.value.comparedTo(other.value);
  }

  get isZero(): boolean {
    return this.value.isZero();
  }

  /** Null when it is no whole number of 10^−decimals. */
  steps(decimals: number): bigint | null {
    if (this.decimals > decimals) return null;
    return BigInt(this.value.times(new Digits(10).pow(decimals)).toFixed());
  }
}

/** What is wrong with it as the rest of a sentence, or the decimal. The same plain decimals as at every other door. */
export function readExact(value: unknown): Exact | string {
  // Numbers of JSON have been through a binary float already, which may have changed them.
  if (typeof value !== 'string') return `must be a decimal in quotes, but is ${shown(value)}`;
  if (value.length > DECIMAL_CHARACTERS_MAX) {
    return `must not be longer than ${DECIMAL_CHARACTERS_MAX} characters, but is ${shown(value)}`;
  }
  if (PLAIN.test(value)) return new Exact(value);
  return `must be digits with at most one point, but is ${shown(value)}`;
}

/** numerator ÷ denominator to the nearest 10^−decimals, without needless zeros. */
export function formatQuotient(numerator: bigint, denominator: bigint, decimals: number): string {
  return formatSteps(divNearest(numerator * 10n ** BigInt(decimals), denominator), decimals);
}

/** steps × 10^−decimals, exact, without an exponent and without needless zeros. */
export function formatSteps(steps: bigint, decimals: number): string {
  return new Digits(String(steps)).times(new Digits(10).pow(-decimals)).toFixed();
}
