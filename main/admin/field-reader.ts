import { DECIMAL_CHARACTERS_MAX, parseDecimal, type Step } from '../../engine/units/decimal.js';
import { shown } from '../config/problem.js';

/** A request to the admin API that cannot be followed, and the HTTP status that says so. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly status: number;
  readonly code: string;
  readonly field: string | null;

  constructor(status: number, code: string, sentence: string, field: string | null = null) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** Fields of a JSON body; every complaint names field, value and limit. */
export class FieldReader {
  private readonly fields: Record<string, unknown>;

  constructor(body: unknown, known: readonly string[]) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw wrong('body', `the body must be a JSON object, but is ${shown(body)}`);
    }
    this.fields = body as Record<string, unknown>;
    for (const key of Object.keys(this.fields)) {
      if (known.includes(key)) continue;
      throw wrong(
        key,
        `${shown(key)} is not a field; the fields are ${known.join(', ') || 'none'}`,
      );
    }
  }

  has(field: string): boolean {
    return this.fields[field] !== undefined && this.fields[field] !== null;
  }

  integer(field: string, least: number, most: number): number {
    const value = this.fields[field];
    if (Number.isSafeInteger(value)) {
      const number = value as number;
      if (number >= least && number <= most) return number;
    }
    throw this.complaint(field, `an integer from ${least} to ${most}`);
  }

  flag(field: string): boolean {
    const value = this.fields[field];
    if (typeof value === 'boolean') return value;
    throw this.complaint(field, 'true or false');
  }

  text(field: string, most: number): string {
    const value = this.fields[field];
    if (typeof value === 'string' && value.length >= 1 && value.length <= most) return value;
    throw this.complaint(field, `a text of 1 to ${most} characters`);
  }

  /** Exact multiples of the step only: for money, which nobody may round. */
  exact(field: string, step: Step, least: number, most: number): number {
    const parsed = parseDecimal(this.fields[field], { field, step, least, most });
    if (typeof parsed === 'number') return parsed;
    throw wrong(field, parsed.sentence);
  }

  /** The nearest multiple of the step, halves up: for prices, which come from outside with any number of digits. */
  nearest(field: string, step: Step, least: number, most: number): number {
    const value = this.fields[field];
    const fits = typeof value === 'string' && value.length <= DECIMAL_CHARACTERS_MAX;
    const match = fits ? /^(\d+)(?:\.(\d+))?$/.exec(value) : null;
    if (match === null) throw this.complaint(field, 'a plain decimal in quotes');
    const [, whole = '', fraction = ''] = match;
    // text × 10^decimals ÷ mantissa, in integers.
    const scaled = BigInt(whole + fraction) * 10n ** BigInt(step.decimals);
    const divisor = BigInt(step.mantissa) * 10n ** BigInt(fraction.length);
    const steps = (2n * scaled + divisor) / (2n * divisor);
    if (steps >= BigInt(least) && steps <= BigInt(most)) return Number(steps);
    throw this.complaint(field, `from ${least} to ${most} steps of ${stepText(step)}`);
  }

  private complaint(field: string, wanted: string): RequestProblem {
    const value = this.fields[field];
    const is = value === undefined ? 'missing' : shown(value);
    return wrong(field, `${field} must be ${wanted}, but is ${is}`);
  }
}

function wrong(field: string, sentence: string): RequestProblem {
  return new RequestProblem(400, 'field_is_invalid', sentence, field);
}

function stepText(step: Step): string {
  return `${step.mantissa}e-${step.decimals}`;
}
