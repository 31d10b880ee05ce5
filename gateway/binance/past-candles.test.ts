import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandleFold } from '../history/candle-fold.js';
import type { CandleRowsQuestion, RowsQuestion } from '../history/market-rows.js';
import type { HistoryQueries } from '../history/query-pool.js';
import type { CandleRow, TradeRow } from '../history/rows.js';
import type { Market } from '../markets.js';
import { CandleMemory, INTERVALS } from './candles.js';
import { BinanceError } from './errors.js';
import { PastCandles } from './past-candles.js';
import { PastRows } from './past-rows.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);
const END_MS = START_MS + 2_000 * 24 * HOUR_MS;
const MARKET = { id: 7, host: 2 } as Market;

const trades = fc
  .array(
    fc.record({
      afterMs: fc.oneof(fc.nat(1_000), fc.nat(20 * HOUR_MS)),
      priceTicks: fc.integer({ min: 1, max: 1_000 }),
      qtyLots: fc.integer({ min: 1, max: 50 }),
      takerSide: fc.nat(1),
    }),
    { minLength: 1, maxLength: 150 },
  )
  .map((steps) => {
    let timeMs = START_MS;
    return steps.map(({ afterMs, ...trade }, i): TradeRow => {
      timeMs += afterMs;
      const rest = { marketId: MARKET.id, isLiquidation: 0, sequence: i, takerOrderId: i };
      return { ...trade, ...rest, tradeId: i + 1, timeMs };
    });
  });

function memoryOf(all: readonly TradeRow[]): CandleMemory {
  const memory = new CandleMemory();
  for (const { marketId, priceTicks, qtyLots, takerSide, timeMs, tradeId } of all) {
    memory.add(marketId, tradeId, priceTicks, qtyLots, takerSide === 0, timeMs);
  }
  return memory;
}

/** As the table of candles answers. */
function historyOf(all: readonly TradeRow[]): PastRows {
  const fold = new CandleFold(() => undefined);
  const rows: CandleRow[] = [];
  for (const trade of all) {
    fold.add(trade);
    for (const candle of fold.takeChanged()) if (!rows.includes(candle)) rows.push(candle);
  }
  const answer = ({ fromMs, intervalMs, limit, newest, shardId, toMs }: CandleRowsQuestion) => {
    expect(shardId).toBe(MARKET.host);
    const found = rows.filter((row) => row.intervalMs === intervalMs);
    const within = found.filter(({ startMs }) => startMs >= fromMs && startMs <= toMs);
    return newest ? within.slice(-limit) : within.slice(0, limit);
  };
  return pastRows(async (question) => answer(question as CandleRowsQuestion));
}

function pastRows(rows: (question: RowsQuestion) => Promise<object[] | null>): PastRows {
  return new PastRows({ rows } as unknown as HistoryQueries, undefined);
}

const asked = fc.record({
  interval: fc.constantFrom(...INTERVALS),
  period: fc.tuple(fc.nat(1_000), fc.nat(1_000)),
  limit: fc.integer({ min: 1, max: 60 }),
  newest: fc.boolean(),
});

describe('candles of the past', () => {
  it('are those that a memory of all trades has, wherever this one begins', async () => {
    await fc.assert(
      fc.asyncProperty(trades, fc.nat(150), asked, async (all, begun, { period, ...terms }) => {
        const [from, length] = period;
        const fromMs = terms.newest ? 0 : START_MS + from * HOUR_MS;
        const toMs = START_MS + (from + length) * HOUR_MS;
        const wanted = { market: MARKET, fromMs, toMs, ...terms };
        const whole = await new PastCandles(memoryOf(all), null).candles(wanted);
        const short = new PastCandles(memoryOf(all.slice(begun)), historyOf(all));
        expect(await short.candles(wanted)).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  it('are those of the memory where the history cannot be read, and refused where too many wait for it', async () => {
    const memory = memoryOf([
      {
        ...{ marketId: 7, tradeId: 5, priceTicks: 10, qtyLots: 1, takerSide: 0, isLiquidation: 0 },
        ...{ sequence: 1, timeMs: START_MS, takerOrderId: 1 },
      },
    ]);
    const [interval] = INTERVALS;
    if (interval === undefined) throw new Error('there are some');
    const wanted = { market: MARKET, interval, fromMs: 0, toMs: END_MS, limit: 5, newest: true };
    const broken = pastRows(() => Promise.reject(new Error('gone')));
    expect(await new PastCandles(memory, broken).candles(wanted)).toMatchObject([{ open: 10 }]);
    const busy = pastRows(async () => null);
    const refused = Promise.resolve(new PastCandles(memory, busy).candles(wanted));
    await expect(refused).rejects.toThrow(BinanceError);
  });
});
