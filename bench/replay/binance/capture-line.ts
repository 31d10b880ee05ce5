import { fieldProblem, type Place, rowProblem } from '../replay-error.js';

/** Price and absolute size of a level, as printed. */
export type PrintedLevel = readonly [price: string, size: string];

export interface DepthSnapshot {
  readonly kind: 'snapshot';
  readonly lastUpdateId: number;
  readonly timeMs: number;
  readonly bids: readonly PrintedLevel[];
  readonly asks: readonly PrintedLevel[];
}

export interface DepthUpdate {
  readonly kind: 'depth';
  readonly symbol: string;
  readonly firstUpdateId: number;
  readonly lastUpdateId: number;
  readonly previousUpdateId: number;
  readonly bids: readonly PrintedLevel[];
  readonly asks: readonly PrintedLevel[];
}

export interface BookTicker {
  readonly kind: 'ticker';
  readonly symbol: string;
  readonly updateId: number;
  readonly bid: PrintedLevel;
  readonly ask: PrintedLevel;
}

export interface Trade {
  readonly kind: 'trade';
  readonly symbol: string;
  readonly tradeId: number;
  readonly price: string;
  readonly size: string;
  /** MARKET for a trade in the order book; INSURANCE_FUND and others happen outside of it. */
  readonly origin: string;
  readonly buyerIsMaker: boolean;
}

export interface MarkPrice {
  readonly kind: 'mark';
  readonly symbol: string;
  readonly timeMs: number;
  readonly indexPrice: string;
}

/** A stream that a replay has no use for. */
export interface OtherMessage {
  readonly kind: 'other';
}

export type CaptureMessage =
  | DepthSnapshot
  | DepthUpdate
  | BookTicker
  | Trade
  | MarkPrice
  | OtherMessage;

export interface CaptureLine {
  /** When the capture received it. */
  readonly localTimeMs: number;
  readonly message: CaptureMessage;
}

const PREFIX = /^(\d{13,19}) (?=\{)/;
const MICROSECONDS_PER_MS = 1000;

/** Local time in microseconds, a space, and the message as the venue sent it. */
export function readCaptureLine(place: Place, text: string): CaptureLine {
  const prefix = PREFIX.exec(text);
  if (prefix === null) {
    const expected = "local microseconds, a space and a JSON object, as in '1680652700423575 {…}'";
    throw fieldProblem(place, 'line', text, expected);
  }
  const json = text.slice(prefix[0].length);
  const localTimeMs = Math.floor(Number(prefix[1]) / MICROSECONDS_PER_MS);
  return { localTimeMs, message: readMessage(new Fields(place, parseJson(place, json))) };
}

/** Recognises a line of a capture by its beginning alone. */
export function looksLikeCapture(text: string): boolean {
  return PREFIX.test(text);
}

function parseJson(place: Place, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rowProblem(place, `the JSON after the local time is broken: ${reason}`);
  }
}

function readMessage(fields: Fields): CaptureMessage {
  if (fields.has('lastUpdateId')) {
    return {
      kind: 'snapshot',
      lastUpdateId: fields.integer('lastUpdateId'),
      timeMs: fields.integer('T'),
      bids: fields.levels('bids'),
      asks: fields.levels('asks'),
    };
  }
  if (!fields.has('data')) throw fields.unknownShape();
  const data = fields.inner('data');
  switch (data.text('e')) {
    case 'depthUpdate':
      return {
        kind: 'depth',
        symbol: data.text('s'),
        firstUpdateId: data.integer('U'),
        lastUpdateId: data.integer('u'),
        previousUpdateId: data.integer('pu'),
        bids: data.levels('b'),
        asks: data.levels('a'),
      };
    case 'bookTicker':
      return {
        kind: 'ticker',
        symbol: data.text('s'),
        updateId: data.integer('u'),
        bid: [data.text('b'), data.text('B')],
        ask: [data.text('a'), data.text('A')],
      };
    case 'trade':
      return {
        kind: 'trade',
        symbol: data.text('s'),
        tradeId: data.integer('t'),
        price: data.text('p'),
        size: data.text('q'),
        origin: data.text('X'),
        buyerIsMaker: data.flag('m'),
      };
    case 'markPriceUpdate':
      return {
        kind: 'mark',
        symbol: data.text('s'),
        timeMs: data.integer('E'),
        indexPrice: data.text('i'),
      };
    default:
      return { kind: 'other' };
  }
}

/** Fields of a JSON object, each read with the type that it must have. */
class Fields {
  private readonly place: Place;
  private readonly values: Record<string, unknown>;

  constructor(place: Place, value: unknown) {
    this.place = place;
    // The line's prefix made sure of an object.
    this.values = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  inner(name: string): Fields {
    const value = this.values[name];
    if (typeof value !== 'object' || value === null) throw this.problem(name, 'an object');
    return new Fields(this.place, value);
  }

  integer(name: string): number {
    const value = this.values[name];
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw this.problem(name, 'an integer of at least 0');
  }

  text(name: string): string {
    const value = this.values[name];
    if (typeof value !== 'string') throw this.problem(name, 'a string');
    return value;
  }

  flag(name: string): boolean {
    const value = this.values[name];
    if (typeof value !== 'boolean') throw this.problem(name, 'true or false');
    return value;
  }

  levels(name: string): readonly PrintedLevel[] {
    const value = this.values[name];
    if (Array.isArray(value) && value.every(isPrintedLevel)) return value;
    throw this.problem(name, 'a list of levels, each [price, size] as strings');
  }

  unknownShape(): Error {
    const names = Object.keys(this.values).join(', ');
    return fieldProblem(this.place, 'JSON', names, "a 'data' or a 'lastUpdateId' field");
  }

  private problem(name: string, expected: string): Error {
    const value = this.values[name];
    const text = value === undefined ? 'missing' : JSON.stringify(value);
    return fieldProblem(this.place, name, text, expected);
  }
}

function isPrintedLevel(value: unknown): value is PrintedLevel {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'string'
  );
}
