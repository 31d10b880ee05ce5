import { Decimal } from 'decimal.js';
import { BinanceError, illegal, invalidValue, missing } from './errors.js';

/** More parameters than any request has. */
const PARAMETERS_MAX = 64;
const NAME = /^[A-Za-z0-9_]{1,40}$/;

/** The parameters of a request, however they came, as texts by name. */
export class Parameters {
  private readonly values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.values = values;
  }

  /** Query string and body of an HTTP request. A name that comes twice is refused: which one would count? */
  static ofForms(...forms: readonly string[]): Parameters {
    const values = new Map<string, string>();
    for (const form of forms) {
      if (form === '') continue;
      for (const pair of form.split('&')) {
        if (pair !== '') addPair(values, pair);
      }
    }
    return new Parameters(values);
  }

  /** The `params` of a WebSocket request, or an item of a batch. Numbers and booleans stand for their texts, null for nothing. */
  static ofObject(value: unknown): Parameters {
    if (value === undefined || value === null) return new Parameters(new Map());
    if (typeof value !== 'object' || Array.isArray(value)) throw missing('params');
    const values = new Map<string, string>();
    for (const [name, each] of Object.entries(value)) {
      if (!NAME.test(name) || values.size === PARAMETERS_MAX) throw tooMany();
      if (each === null || each === undefined) continue;
      if (typeof each === 'string') values.set(name, each);
      else if (typeof each === 'boolean') values.set(name, String(each));
      else if (typeof each === 'number' && Number.isFinite(each))
        values.set(name, numberText(each));
      else if (typeof each === 'object') values.set(name, nestedText(name, each));
    }
    return new Parameters(values);
  }

  /** The same with another value. */
  with(name: string, value: string): Parameters {
    return new Parameters(new Map([...this.values, [name, value]]));
  }

  has(name: string): boolean {
    return this.text(name) !== undefined;
  }

  /** Undefined when it is absent or empty. */
  text(name: string): string | undefined {
    const value = this.values.get(name);
    return value === '' ? undefined : value;
  }

  must(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missing(name);
    return value;
  }

  /** `most` is also what a number without limit may be. */
  integer(name: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?[0-9]{1,16}$/.test(value)) throw illegal(name, '^[0-9]{1,20}$');
    const number = Number(value);
    if (!Number.isSafeInteger(number) || number < least || number > most) throw invalidValue(name);
    return number;
  }

  mustInteger(name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.integer(name, least, most);
    if (value === undefined) throw missing(name);
    return value;
  }

  /** Values above `most` count as that: how Binance takes limits. */
  limit(absent: number, most: number): number {
    return Math.min(this.integer('limit', 1) ?? absent, most);
  }

  flag(name: string, absent = false): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return absent;
    if (value === 'true' || value === 'false') return value === 'true';
    throw invalidValue(name);
  }

  /** One of the names, or `absent`; `wrong` says what is answered to any other. */
  choice<T extends string>(
    name: string,
    names: readonly T[],
    absent: T | null,
    wrong: () => BinanceError = () => invalidValue(name),
  ): T {
    const value = this.text(name);
    if (value === undefined) {
      if (absent === null) throw missing(name);
      return absent;
    }
    if (!names.includes(value as T)) throw wrong();
    return value as T;
  }

  /** Times from … to; a start behind the end is refused. */
  period(): { startTime: number | undefined; endTime: number | undefined } {
    const startTime = this.integer('startTime', 0);
    const endTime = this.integer('endTime', 0);
    if (startTime !== undefined && endTime !== undefined && startTime > endTime) {
      throw new BinanceError(-1023, 'Start time is greater than end time.');
    }
    return { startTime, endTime };
  }

  /** What is signed in a WebSocket request: all others by name, as they are. */
  signedText(): string {
    return [...this.values]
      .filter(([name]) => name !== 'signature')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
  }

  /** The same with values as they would stand in a URL, which some clients sign. */
  signedEncodedText(): string {
    return [...this.values]
      .filter(([name]) => name !== 'signature')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
  }
}

/** A form without its signature: the text that was signed. */
export function withoutSignature(form: string): string {
  return form
    .split('&')
    .filter((pair) => !pair.startsWith('signature='))
    .join('&');
}

function addPair(values: Map<string, string>, pair: string): void {
  const at = pair.indexOf('=');
  const name = decoded(at < 0 ? pair : pair.slice(0, at));
  const value = at < 0 ? '' : decoded(pair.slice(at + 1));
  if (!NAME.test(name)) throw illegal('parameter name', '^[A-Za-z0-9_]{1,40}$');
  if (values.has(name)) {
    throw new BinanceError(-1101, `Duplicate values for parameter '${name}'.`);
  }
  if (values.size === PARAMETERS_MAX) throw tooMany();
  values.set(name, value);
}

function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new BinanceError(-1100, 'Illegal characters found in a parameter.');
  }
}

function tooMany(): BinanceError {
  return new BinanceError(-1101, 'Too many parameters sent for this endpoint.');
}

/** Without an exponent. */
function numberText(value: number): string {
  const text = String(value);
  return text.includes('e') ? new Decimal(value).toFixed() : text;
}

/** As JSON; a value that is nested too deeply for that is no value of any parameter. */
function nestedText(name: string, value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw illegal(name, 'a list or an object that is not nested deeply');
  }
}
