import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CandleMemory,
  closeTimeOf,
  INTERVALS,
  type Interval,
  intervalOf,
  openTimeOf,
} from './candles.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

interface Trade {
  timeMs: number;
  priceTicks: number;
  lots: number;
  takerBuys: boolean;
}

const trades = fc
  .array(
    fc.record({
      afterMs: fc.oneof(fc.nat(1_000), fc.nat(20 * HOUR)),
      priceTicks: fc.integer({ min: 1, max: 1_000 }),
      lots: fc.integer({ min: 1, max: 50 }),
      takerBuys: fc.boolean(),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let timeMs = START;
    return steps.map(({ afterMs, ...trade }): Trade => {
      timeMs += afterMs;
      return { ...trade, timeMs };
    });
  });

/** The candle of the trades of one interval, as anybody would make it. */
function candleOf(own: readonly Trade[]) {
  const prices = own.map(({ priceTicks }) => priceTicks);
  const sum = (of: (trade: Trade) => number) => own.reduce((total, trade) => total + of(trade), 0);
  return {
    open: prices[0],
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices.at(-1),
    lots: sum(({ lots }) => lots),
    tickLots: sum(({ lots, priceTicks }) => lots * priceTicks),
    trades: own.length,
    takerBuyLots: sum(({ lots, takerBuys }) => (takerBuys ? lots : 0)),
  };
}

describe('candles', () => {
  it('of every interval are those of the trades in it', () => {
    fc.assert(
      fc.property(trades, fc.constantFrom(...INTERVALS), (all, interval) => {
        const memory = new CandleMemory();
        all.forEach(({ lots, priceTicks, takerBuys, timeMs }, i) => {
          memory.add(1, i + 1, priceTicks, lots, takerBuys, timeMs);
        });
        const byOpen = new Map<number, Trade[]>();
        for (const trade of all) {
          const openMs = openTimeOf(interval, trade.timeMs);
          byOpen.set(openMs, [...(byOpen.get(openMs) ?? []), trade]);
        }
        const found = memory.candles(1, interval, 0, Number.MAX_SAFE_INTEGER, 1_500);
        expect(found.map(({ openMs }) => openMs)).toEqual([...byOpen.keys()]);
        found.forEach((candle) => {
          expect(candle).toMatchObject(candleOf(byOpen.get(candle.openMs) as Trade[]));
        });
        const [last] = memory.candles(1, interval, found.at(-1)?.openMs as number, Infinity, 1);
        expect(last).toEqual(found.at(-1));
      }),
    );
  });

  it.each([
    ['1w', '2026-01-05T00:00:00Z', '2026-01-11T23:59:59.999Z', '2026-01-07T12:00:00Z'],
    ['1M', '2026-02-01T00:00:00Z', '2026-02-28T23:59:59.999Z', '2026-02-17T12:00:00Z'],
    ['1d', '2026-02-17T00:00:00Z', '2026-02-17T23:59:59.999Z', '2026-02-17T12:00:00Z'],
    ['8h', '2026-02-17T08:00:00Z', '2026-02-17T15:59:59.999Z', '2026-02-17T12:00:00Z'],
  ])('of %s begin at %s', (name, open, close, time) => {
    const interval = intervalOf(name) as Interval;
    const openMs = openTimeOf(interval, Date.parse(time));
    expect(openMs).toBe(Date.parse(open));
    expect(closeTimeOf(interval, openMs)).toBe(Date.parse(close));
  });

  it('are bounded: the oldest go first', () => {
    const memory = new CandleMemory();
    for (let i = 0; i < 8_000; i++) memory.add(1, i + 1, 100, 1, true, START + i * 60_000);
    const all = memory.candles(1, intervalOf('1m') as Interval, 0, Infinity, Infinity);
    expect(all.length).toBeLessThan(5_100);
    expect(all.at(-1)?.lastTradeId).toBe(8_000);
    expect(memory.candles(2, intervalOf('1m') as Interval, 0, Infinity, 5)).toEqual([]);
  });
});
