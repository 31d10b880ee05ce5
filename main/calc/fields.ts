import { shown } from '../config/problem.js';
import { type Exact, readExact } from './exact.js';

/** A mistake in an input document. The sentence names field, value and limit, and is all that its author needs. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/** Limits of a decimal, both included. */
export interface Range {
  least: string;
  most: string;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an object of a document field by field and complains about it by the path of the field: `positions[0].size`. A field that
 * is null is missing. What is not in `known` is refused, so that a misspelt field is not taken for one that is left out.
 */
export class Fields {
  private readonly json: Json;
  private readonly path: string;

  constructor(value: unknown, path: string, known: readonly string[]) {
    this.path = path;
    this.json = objectOf(value, path === '' ? 'the document' : path);
    for (const key of Object.keys(this.json)) {
      if (known.includes(key)) continue;
      this.fail(key, `is not known here; there are ${known.join(', ')}`);
    }
  }

  pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** `sentence` begins behind the field's name. */
  fail(key: string, sentence: string): never {
    throw new DocumentError(`${this.pathOf(key)} ${sentence}`);
  }

  has(key: string): boolean {
    return this.raw(key) !== null;
  }

  /** Null when it is missing. */
  raw(key: string): unknown {
    return Object.hasOwn(this.json, key) ? (this.json[key] ?? null) : null;
  }

  decimal(key: string, range: Range): Exact {
    return this.decimalOrNull(key, range) ?? this.fail(key, 'is missing');
  }

  decimalOrNull(key: string, range: Range): Exact | null {
    const value = this.raw(key);
    return value === null ? null : readDecimal(value, this.pathOf(key), range);
  }

  text(key: string): string {
    const value = this.raw(key) ?? this.fail(key, 'is missing');
    if (typeof value === 'string' && value !== '') return value;
    return this.fail(key, `must be a text that is not empty, but is ${shown(value)}`);
  }

  /** One of the words; `fallback` when it is missing. */
  word<Word extends string>(key: string, words: readonly Word[], fallback?: Word): Word {
    const value = this.raw(key) ?? fallback ?? this.fail(key, 'is missing');
    const found = words.find((word) => word === value);
    return found ?? this.fail(key, `must be ${words.join(' or ')}, but is ${shown(value)}`);
  }

  /** False when it is missing. */
  flag(key: string): boolean {
    const value = this.raw(key) ?? false;
    if (typeof value === 'boolean') return value;
    return this.fail(key, `must be true or false, but is ${shown(value)}`);
  }

  /** Null when it is missing. */
  listOrNull(key: string): readonly unknown[] | null {
    const value = this.raw(key);
    if (value === null || Array.isArray(value)) return value;
    return this.fail(key, `must be a list, but is ${shown(value)}`);
  }

  list(key: string): readonly unknown[] {
    return this.listOrNull(key) ?? this.fail(key, 'is missing');
  }

  /** The entries of an object whose keys are names. */
  entries(key: string): [name: string, value: unknown][] {
    const value = this.raw(key) ?? this.fail(key, 'is missing');
    return Object.entries(objectOf(value, this.pathOf(key)));
  }
}

/** A decimal in quotes, within its range. */
export function readDecimal(value: unknown, path: string, range: Range): Exact {
  const exact = readExact(value);
  if (typeof exact === 'string') throw new DocumentError(`${path} ${exact}`);
  const limit = (text: string) => readExact(text) as Exact;
  if (exact.comparedTo(limit(range.least)) < 0) {
    throw new DocumentError(`${path} must not be below ${range.least}, but is ${exact.text}`);
  }
  if (exact.comparedTo(limit(range.most)) > 0) {
    throw new DocumentError(`${path} must not exceed ${range.most}, but is ${exact.text}`);
  }
  return exact;
}

/** As a whole number of 10^−decimals; refused when it has more decimals than that. */
export function stepsOf(exact: Exact, decimals: number, path: string): bigint {
  const steps = exact.steps(decimals);
  if (steps !== null) return steps;
  throw new DocumentError(`${path} must have at most ${decimals} decimals, but is ${exact.text}`);
}

function objectOf(value: unknown, name: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new DocumentError(`${name} must be an object, but is ${shown(value)}`);
}
