import { Decimal } from 'decimal.js';

/**
 * The edge between people's decimal strings and the engine's integers. Prices, quantities and amounts come in as plain
 * decimals and are exact multiples of a step, or are refused with a sentence; nothing is ever rounded here.
 *
 * A plain decimal is digits, perhaps with a minus before and a fraction behind: `100`, `0.5`, `-3.25`. Exponents
 * (`1e-5`), a plus, spaces, `.5`, `5.`, `NaN` and `Infinity` are refused: an order whose price had to be guessed
 * at is worse than an error.
 */

/** mantissa × 10^−decimals: a tick of 0.25 is 25 and 2. */
export interface Step {
  mantissa: number;
  decimals: number;
}

/** Money is counted in millionths of a dollar. */
export const MICRO_USD_STEP: Step = { mantissa: 1, decimals: 6 };

/** What a field accepts, in steps. */
export interface DecimalRule {
  /** As the client knows it, e.g. `price`. */
  field: string;
  step: Step;
  /** At most a safe integer. */
  most: number;
  /** 1 unless said otherwise: prices, quantities and amounts are above zero. */
  least?: number;
}

export type DecimalFault =
  | 'must_be_text'
  | 'must_not_be_longer_than_limit'
  | 'must_be_a_plain_decimal'
  | 'must_not_be_below_limit'
  | 'must_not_exceed_limit'
  | 'must_be_a_multiple_of_step';

/** Why a text was refused: a stable name, what was given, and the limit it broke. */
export interface DecimalProblem {
  field: string;
  fault: DecimalFault;
  value: string;
  limit: string;
  /** All of it for people to read. */
  sentence: string;
}

/** 2^53 with twelve decimals has 30 characters; nobody needs more than this. */
export const DECIMAL_CHARACTERS_MAX = 40;

// Forty characters, shifted by up to twelve decimals, and never in exponent form.
const Exact = Decimal.clone({ precision: 100, toExpNeg: -200, toExpPos: 200 });
const PLAIN = /^-?[0-9]+(\.[0-9]+)?$/;

/** Whole steps, or the problem. `typeof` tells them apart. */
export function parseDecimal(text: unknown, rule: DecimalRule): number | DecimalProblem {
  if (typeof text !== 'string') {
    // Numbers of JSON have been through a binary float already, which may have changed them.
    return problem(rule, 'must_be_text', String(text), 'a decimal in quotes');
  }
  if (text.length > DECIMAL_CHARACTERS_MAX) {
    const limit = `${DECIMAL_CHARACTERS_MAX} characters`;
    const start = `${text.slice(0, DECIMAL_CHARACTERS_MAX)}…`;
    return problem(rule, 'must_not_be_longer_than_limit', start, limit);
  }
  if (!PLAIN.test(text)) {
    return problem(rule, 'must_be_a_plain_decimal', text, 'digits with at most one point');
  }
  const { step, most, least = 1 } = rule;
  const steps = new Exact(text).times(new Exact(10).pow(step.decimals)).div(step.mantissa);
  if (steps.lt(least)) {
    return problem(rule, 'must_not_be_below_limit', text, formatDecimal(least, step));
  }
  if (steps.gt(most)) {
    return problem(rule, 'must_not_exceed_limit', text, formatDecimal(most, step));
  }
  // A quotient that is not whole can have endless digits; multiplied back, a whole one is exact.
  const whole = steps.trunc();
  if (!toDecimal(whole, step).eq(text)) {
    return problem(rule, 'must_be_a_multiple_of_step', text, formatDecimal(1, step));
  }
  // A text of −0 is zero.
  return whole.toNumber() + 0;
}

/** Without an exponent and without needless zeros: `1000`, `0.5`. */
export function formatDecimal(steps: number | bigint, step: Step): string {
  return toDecimal(new Exact(String(steps)), step).toFixed();
}

/** Without an exponent, always with all decimals of the step, as price columns have it: `1000.00`, `0.50`. */
export function formatFixed(steps: number | bigint, step: Step): string {
  return toDecimal(new Exact(String(steps)), step).toFixed(step.decimals);
}

function toDecimal(steps: Decimal, step: Step): Decimal {
  return steps.times(step.mantissa).times(new Exact(10).pow(-step.decimals));
}

const SENTENCES: Record<DecimalFault, string> = {
  must_be_text: 'must be',
  must_not_be_longer_than_limit: 'must not be longer than',
  must_be_a_plain_decimal: 'must be',
  must_not_be_below_limit: 'must not be below',
  must_not_exceed_limit: 'must not exceed',
  must_be_a_multiple_of_step: 'must be a multiple of',
};

function problem(
  rule: DecimalRule,
  fault: DecimalFault,
  value: string,
  limit: string,
): DecimalProblem {
  const sentence = `${rule.field} ${SENTENCES[fault]} ${limit}, but is ${value}`;
  return { field: rule.field, fault, value, limit, sentence };
}
