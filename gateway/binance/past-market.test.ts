import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Database } from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import {
  EF_FEE,
  EF_LOTS,
  EF_ORDER_ID,
  EF_RATE_PPB,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EVENT_SLOTS,
  EW_FLAGS,
  EW_PRICE,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { EVT_FILL, EVT_FUNDING_RATE } from '../../engine/messages/types.js';
import { openForReading } from '../history/database.js';
import { HistoryFold } from '../history/history-fold.js';
import { HistoryStore } from '../history/history-store.js';
import { type RowsQuestion, readRows } from '../history/market-rows.js';
import type { HistoryQueries } from '../history/query-pool.js';
import type { Market } from '../markets.js';
import { MarketMemories } from './market-memory.js';
import { PastAggregates } from './past-aggregates.js';
import { PastFundings } from './past-fundings.js';
import { PastRows } from './past-rows.js';
import { PastTrades } from './past-trades.js';

const MARKET = { id: 7, host: 0 } as Market;
const START_MS = Date.UTC(2026, 0, 1);

/** What one command does: each of these trades is of one of its orders. */
interface Command {
  afterMs: number;
  trades: { order: number; priceTicks: number; lots: number }[];
  fundingPpb: number | null;
}

const command: fc.Arbitrary<Command> = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 700),
  trades: fc.array(
    fc.record({
      order: fc.integer({ min: 1, max: 3 }),
      priceTicks: fc.integer({ min: 9, max: 11 }),
      lots: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 5 },
  ),
  fundingPpb: fc.option(fc.integer({ min: -50, max: 50 })),
});

interface Happened {
  events: MessageBuffer;
  timeMs: number;
}

function happen(commands: readonly Command[]): Happened[] {
  let [timeMs, trade] = [START_MS, 0];
  let fundedMs = 0;
  return commands.map(({ afterMs, fundingPpb, trades }, i) => {
    timeMs += afterMs;
    const events = new MessageBuffer(16);
    const tell = (type: number, priceTicks: number, floats: Record<number, number>, flags = 0) => {
      const slot = events.push(EVENT_SLOTS);
      events.words[slot * SLOT_WORDS + W_HEAD] = headOf(type, EVENT_SLOTS, MARKET.id);
      events.words[slot * SLOT_WORDS + EW_PRICE] = priceTicks;
      events.words[slot * SLOT_WORDS + EW_FLAGS] = flags;
      const all = { ...floats, [EF_SEQUENCE]: i + 1 };
      for (const [field, value] of Object.entries(all)) {
        events.floats[slot * SLOT_FLOATS + Number(field)] = value;
      }
    };
    // An order's trades come together, and go to one side.
    for (const { lots, order, priceTicks } of trades.toSorted((a, b) => a.order - b.order)) {
      const fields = { [EF_TRADE_SEQUENCE]: ++trade, [EF_LOTS]: lots, [EF_ORDER_ID]: order };
      tell(EVT_FILL, priceTicks, fields, order & 1);
    }
    // A market pays once at a time.
    if (fundingPpb !== null && timeMs > fundedMs) {
      tell(EVT_FUNDING_RATE, 10, { [EF_RATE_PPB]: fundingPpb, [EF_FEE]: 0 });
      fundedMs = timeMs;
    }
    return { events, timeMs };
  });
}

function memoryOf(happened: readonly Happened[]): MarketMemories {
  const nobody = { traded: () => {}, aggregated: () => {}, forced: () => {} };
  const memory = new MarketMemories(nobody);
  for (const { events, timeMs } of happened) {
    for (let slot = 0; slot < events.length; slot += EVENT_SLOTS) {
      memory.apply(events.words, events.floats, slot * SLOT_WORDS, timeMs);
    }
    // Ticks end anywhere.
    if (timeMs % 3 === 0) memory.endTick();
  }
  return memory;
}

const scratch: string[] = [];
const open: Database[] = [];
afterEach(() => {
  for (const database of open.splice(0)) database.close();
  for (const folder of scratch.splice(0)) fs.rmSync(folder, { recursive: true });
});

/** A history in a file, as the feeder writes it and the threads read it. */
function historyOf(happened: readonly Happened[]): PastRows {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-past-'));
  scratch.push(folder);
  const file = path.join(folder, 'shard-0.db');
  const store = new HistoryStore(file);
  const fold = new HistoryFold(store.batch, () => true);
  for (const { events, timeMs } of happened) fold.apply(events, timeMs);
  store.commit({ ...store.position(), sequence: happened.length });
  store.close();
  const database = openForReading(file);
  open.push(database);
  const rows = async (question: RowsQuestion) => readRows(database, question);
  return new PastRows({ rows } as unknown as HistoryQueries, undefined);
}

const asked = fc.record({
  fromId: fc.nat(60),
  from: fc.nat(20_000),
  length: fc.nat(20_000),
  hasTimes: fc.boolean(),
  limit: fc.integer({ min: 1, max: 30 }),
  newest: fc.boolean(),
});

it('is what a memory of everything has, wherever this one begins: trades, aggregate trades, fundings', async () => {
  const commands = fc.array(command, { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      commands,
      fc.nat(60),
      fc.array(asked, { minLength: 5 }),
      async (all, begun, questions) => {
        const happened = happen(all);
        const whole = memoryOf(happened);
        const short = memoryOf(happened.slice(begun));
        const history = historyOf(happened);
        for (const { from, fromId, hasTimes, length, limit, newest } of questions) {
          const fromMs = hasTimes ? START_MS + from : 0;
          const toMs = hasTimes ? fromMs + length : Number.MAX_SAFE_INTEGER;
          const period = { fromMs, toMs, limit, newest };
          const aggregates = (memory: MarketMemories, rows: PastRows | null) => {
            return new PastAggregates(memory, rows).aggregates(MARKET, newest ? 0 : fromId, period);
          };
          expect(await aggregates(short, history)).toEqual(await aggregates(whole, null));
          const fundings = (memory: MarketMemories, rows: PastRows | null) => {
            return new PastFundings(memory, rows).fundings(MARKET, period);
          };
          expect(await fundings(short, history)).toEqual(await fundings(whole, null));
          const trades = (memory: MarketMemories, rows: PastRows | null) => {
            return new PastTrades(memory, rows).trades(MARKET, newest ? null : fromId, limit);
          };
          expect(await trades(short, history)).toEqual(await trades(whole, null));
        }
      },
    ),
    { numRuns: 60 },
  );
});
