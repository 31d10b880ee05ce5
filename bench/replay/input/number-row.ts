import { fieldProblem, rowProblem } from '../replay-error.js';
import type { LineReader } from './line-reader.js';

const COMMA = 44;
const POINT = 46;
const MINUS = 45;
const DIGIT_0 = 48;
/** 15 digits are exact in a double, whatever they are. */
const DIGITS_MAX = 15;

/**
 * Reads lines of comma-separated integers straight from the bytes: the order books of a day are tens of
 * millions of numbers, of which none needs to become a string.
 */
export class NumberRow {
  readonly values: Float64Array;
  private readonly nameOf: (column: number) => string;
  private readonly decimals: ReadonlySet<number>;

  /** `decimals` are the columns that may have a fraction. */
  constructor(
    columns: number,
    nameOf: (column: number) => string,
    decimals: Iterable<number> = [],
  ) {
    this.values = new Float64Array(columns);
    this.nameOf = nameOf;
    this.decimals = new Set(decimals);
  }

  read(reader: LineReader): void {
    const { buffer, end } = reader;
    const columns = this.values.length;
    let at = reader.start;
    for (let column = 0; column < columns; column++) {
      let value = 0;
      const from = at;
      const negative = at < end && buffer[at] === MINUS;
      if (negative) at++;
      const firstDigit = at;
      while (at < end) {
        const digit = (buffer[at] as number) - DIGIT_0;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
        at++;
      }
      const digits = at - firstDigit;
      if (at < end && buffer[at] === POINT && this.decimals.has(column)) {
        const point = at++;
        while (at < end && isDigit(buffer[at] as number)) at++;
        value += fractionOf(buffer, point + 1, at);
      }
      const isLast = column === columns - 1;
      const ends = isLast ? at === end : at < end && buffer[at] === COMMA;
      if (digits === 0 || digits > DIGITS_MAX || !ends) this.refuse(reader, column, from);
      this.values[column] = negative ? -value : value;
      at++;
    }
  }

  /** Only now is it worth finding out what exactly is wrong. */
  private refuse(reader: LineReader, column: number, from: number): never {
    const fields = reader.text().split(',');
    const columns = this.values.length;
    if (fields.length !== columns) {
      throw rowProblem(reader, `the row has ${fields.length} columns, expected ${columns}`);
    }
    const text = fields[column] ?? reader.buffer.toString('utf8', from, reader.end);
    const expected = this.decimals.has(column)
      ? 'a decimal number'
      : `an integer of up to ${DIGITS_MAX} digits`;
    throw fieldProblem(reader, this.nameOf(column), text, expected);
  }
}

export function countColumns(reader: LineReader): number {
  let columns = 1;
  for (let at = reader.start; at < reader.end; at++) if (reader.buffer[at] === COMMA) columns++;
  return columns;
}

/** Further digits than nine would only cost precision: a fraction is at most nanoseconds. */
function fractionOf(buffer: Uint8Array, from: number, end: number): number {
  let fraction = 0;
  let scale = 1;
  for (let at = from; at < Math.min(end, from + 9); at++) {
    fraction = fraction * 10 + (buffer[at] as number) - DIGIT_0;
    scale *= 10;
  }
  return fraction / scale;
}

function isDigit(byte: number): boolean {
  return byte >= DIGIT_0 && byte <= DIGIT_0 + 9;
}
