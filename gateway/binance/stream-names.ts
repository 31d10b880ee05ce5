import type { Market } from '../markets.js';
import { type Interval, intervalOf } from './candles.js';
import { type Symbols, symbolOf } from './symbols.js';

/** What a stream carries. */
export type StreamKind =
  | 'trade'
  | 'aggTrade'
  | 'diff'
  | 'partial'
  | 'bookTicker'
  | 'ticker'
  | 'miniTicker'
  | 'kline'
  | 'markPrice'
  | 'forceOrder';

export interface StreamShape {
  readonly name: string;
  readonly kind: StreamKind;
  /** Null: of all markets. */
  readonly market: Market | null;
  /** Milliseconds between two messages, where the stream is sent in time. */
  readonly everyMs: number;
  /** Of partial books. */
  readonly levels: number;
  readonly interval: Interval | null;
  /** All markets in one message. */
  readonly isArray: boolean;
}

const TICKER_MS = 1_000;
const KLINE_MS = 250;
const MARK_MS = 3_000;
const DEPTH_MS = 250;
const ALL: Readonly<Record<string, StreamKind>> = {
  '!ticker@arr': 'ticker',
  '!miniTicker@arr': 'miniTicker',
  '!bookTicker': 'bookTicker',
  '!markPrice@arr': 'markPrice',
  '!markPrice@arr@1s': 'markPrice',
  '!forceOrder@arr': 'forceOrder',
};

/** Streams of a symbol begin with it in small letters. */
export function prefixOf(market: Market): string {
  return symbolOf(market).toLowerCase();
}

/** Undefined: there is no such stream. */
export function streamOf(symbols: Symbols, name: string): StreamShape | undefined {
  const ofAll = Object.hasOwn(ALL, name) ? ALL[name] : undefined;
  if (ofAll !== undefined) {
    const isMark = ofAll === 'markPrice';
    const everyMs = isMark && !name.endsWith('@1s') ? MARK_MS : TICKER_MS;
    const isArray = name.includes('@arr') && ofAll !== 'forceOrder';
    return { ...shape(name, ofAll, null), everyMs, isArray };
  }
  const at = name.indexOf('@');
  if (at < 1 || name.length > 64) return undefined;
  const market = symbols.find(name.slice(0, at).toUpperCase());
  if (market === undefined || prefixOf(market) !== name.slice(0, at)) return undefined;
  return marketStream(name, name.slice(at + 1), market);
}

function marketStream(name: string, rest: string, market: Market): StreamShape | undefined {
  switch (rest) {
    case 'trade':
    case 'aggTrade':
    case 'bookTicker':
    case 'forceOrder':
      return shape(name, rest, market);
    case 'ticker':
    case 'miniTicker':
      return { ...shape(name, rest, market), everyMs: TICKER_MS };
    case 'markPrice':
      return { ...shape(name, rest, market), everyMs: MARK_MS };
    case 'markPrice@1s':
      return { ...shape(name, 'markPrice', market), everyMs: 1_000 };
  }
  const depth = /^depth(5|10|20)?(?:@(100|250|500)ms)?$/.exec(rest);
  if (depth !== null) {
    const everyMs = Number(depth[2] ?? DEPTH_MS);
    const levels = Number(depth[1] ?? 0);
    return { ...shape(name, levels === 0 ? 'diff' : 'partial', market), everyMs, levels };
  }
  const interval = rest.startsWith('kline_') ? intervalOf(rest.slice('kline_'.length)) : undefined;
  if (interval === undefined) return undefined;
  return { ...shape(name, 'kline', market), everyMs: KLINE_MS, interval };
}

function shape(name: string, kind: StreamKind, market: Market | null): StreamShape {
  return { name, kind, market, everyMs: 0, levels: 0, interval: null, isArray: false };
}
