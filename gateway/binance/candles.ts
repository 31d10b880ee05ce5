/** Open, high, low and close of an interval, and what was traded in it; prices in ticks, sizes in lots. */
export interface Candle {
  openMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  lots: number;
  tickLots: number;
  trades: number;
  /** Of it bought by takers. */
  takerBuyLots: number;
  takerBuyTickLots: number;
  firstTradeId: number;
  lastTradeId: number;
}

export interface Interval {
  readonly name: string;
  /** Of months the longest. */
  readonly ms: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** The first Monday of 1970. */
const WEEK_OFFSET_MS = 4 * DAY;

export const INTERVALS: readonly Interval[] = [
  { name: '1m', ms: MINUTE },
  { name: '3m', ms: 3 * MINUTE },
  { name: '5m', ms: 5 * MINUTE },
  { name: '15m', ms: 15 * MINUTE },
  { name: '30m', ms: 30 * MINUTE },
  { name: '1h', ms: HOUR },
  { name: '2h', ms: 2 * HOUR },
  { name: '4h', ms: 4 * HOUR },
  { name: '6h', ms: 6 * HOUR },
  { name: '8h', ms: 8 * HOUR },
  { name: '12h', ms: 12 * HOUR },
  { name: '1d', ms: DAY },
  { name: '3d', ms: 3 * DAY },
  { name: '1w', ms: WEEK },
  { name: '1M', ms: 31 * DAY },
];

const BY_NAME = new Map(INTERVALS.map((interval) => [interval.name, interval]));

export function intervalOf(name: string): Interval | undefined {
  return BY_NAME.get(name);
}

/** Begin of the interval that a time lies in: weeks begin on Mondays, months on their first, all in UTC. */
export function openTimeOf({ ms, name }: Interval, timeMs: number): number {
  if (name === '1M') {
    const date = new Date(timeMs);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
  const offset = name === '1w' ? WEEK_OFFSET_MS : 0;
  return Math.floor((timeMs - offset) / ms) * ms + offset;
}

/** Last millisecond of the interval that begins at `openMs`. */
export function closeTimeOf({ ms, name }: Interval, openMs: number): number {
  if (name !== '1M') return openMs + ms - 1;
  const date = new Date(openMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - 1;
}

/** Those that are kept; all other intervals are made of the longest of them that fits in. */
const KEPT: readonly { interval: Interval; most: number }[] = [
  { interval: BY_NAME.get('1m') as Interval, most: 4_500 },
  { interval: BY_NAME.get('15m') as Interval, most: 4_500 },
  { interval: BY_NAME.get('4h') as Interval, most: 1_500 },
  { interval: BY_NAME.get('1d') as Interval, most: 1_500 },
];

/** Candles of all markets since this process began, made of trades as they come. */
export class CandleMemory {
  /** By market, then as in KEPT. */
  private readonly markets = new Map<number, Candle[][]>();

  add(
    marketId: number,
    tradeId: number,
    priceTicks: number,
    lots: number,
    takerBuys: boolean,
    timeMs: number,
  ): void {
    let kept = this.markets.get(marketId);
    if (kept === undefined) {
      kept = KEPT.map(() => []);
      this.markets.set(marketId, kept);
    }
    for (let i = 0; i < KEPT.length; i++) {
      const { interval, most } = KEPT[i] as (typeof KEPT)[number];
      const candles = kept[i] as Candle[];
      const openMs = openTimeOf(interval, timeMs);
      let last = candles.at(-1);
      if (last === undefined || last.openMs < openMs) {
        last = newCandle(openMs, priceTicks, tradeId);
        candles.push(last);
        // Dropped in lots, so that not every candle moves all others.
        if (candles.length > most + most / 8) candles.splice(0, candles.length - most);
      }
      addTrade(last, tradeId, priceTicks, lots, takerBuys);
    }
  }

  /** Candles by market, for another thread. */
  memory(): [number, Candle[][]][] {
    return [...this.markets];
  }

  restore(markets: readonly [number, Candle[][]][]): void {
    for (const [marketId, kept] of markets) this.markets.set(marketId, kept);
  }

  /** Candles that begin from … to (both inclusive), oldest first, intervals without a trade left out, the newest `limit` of them. */
  candles(
    marketId: number,
    interval: Interval,
    fromMs: number,
    toMs: number,
    limit: number,
  ): Candle[] {
    const candles = this.markets.get(marketId)?.[baseOf(interval)] ?? [];
    // What is asked for most is the newest.
    let first = candles.length;
    while (first > 0 && (candles[first - 1] as Candle).openMs >= fromMs) first--;
    return mergedTo(interval, candles.slice(first), fromMs, toMs).slice(-limit);
  }

  /** Candles that begin before this time may lack trades: those before the process began, or what was dropped. Without any: infinity. */
  wholeFromMs(marketId: number, interval: Interval): number {
    const base = baseOf(interval);
    const oldest = this.markets.get(marketId)?.[base]?.[0];
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    if (oldest.firstTradeId === 1) return Number.NEGATIVE_INFINITY;
    const behind = oldest.openMs + (KEPT[base] as (typeof KEPT)[number]).interval.ms;
    return closeTimeOf(interval, openTimeOf(interval, behind - 1)) + 1;
  }
}

/** Which of KEPT an interval is made of. */
function baseOf(interval: Interval): number {
  return KEPT.findLastIndex(({ interval: { ms } }) => interval.ms % ms === 0);
}

/** Candles of an interval, made of those of a shorter one; they begin from … to. */
export function mergedTo(
  interval: Interval,
  candles: readonly Candle[],
  fromMs: number,
  toMs: number,
): Candle[] {
  const merged: Candle[] = [];
  for (const candle of candles) {
    const openMs = openTimeOf(interval, candle.openMs);
    if (openMs < fromMs || openMs > toMs) continue;
    const last = merged.at(-1);
    if (last?.openMs === openMs) merge(last, candle);
    else merged.push({ ...candle, openMs });
  }
  return merged;
}

function newCandle(openMs: number, priceTicks: number, tradeId: number): Candle {
  return {
    openMs,
    open: priceTicks,
    high: priceTicks,
    low: priceTicks,
    close: priceTicks,
    lots: 0,
    tickLots: 0,
    trades: 0,
    takerBuyLots: 0,
    takerBuyTickLots: 0,
    firstTradeId: tradeId,
    lastTradeId: tradeId,
  };
}

function addTrade(
  candle: Candle,
  tradeId: number,
  priceTicks: number,
  lots: number,
  takerBuys: boolean,
): void {
  if (priceTicks > candle.high) candle.high = priceTicks;
  if (priceTicks < candle.low) candle.low = priceTicks;
  candle.close = priceTicks;
  candle.lots += lots;
  candle.tickLots += lots * priceTicks;
  candle.trades++;
  candle.lastTradeId = tradeId;
  if (!takerBuys) return;
  candle.takerBuyLots += lots;
  candle.takerBuyTickLots += lots * priceTicks;
}

/** Takes a later candle into an earlier one. */
export function merge(into: Candle, later: Candle): void {
  into.high = Math.max(into.high, later.high);
  into.low = Math.min(into.low, later.low);
  into.close = later.close;
  into.lots += later.lots;
  into.tickLots += later.tickLots;
  into.trades += later.trades;
  into.takerBuyLots += later.takerBuyLots;
  into.takerBuyTickLots += later.takerBuyTickLots;
  into.lastTradeId = later.lastTradeId;
}
