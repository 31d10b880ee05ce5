import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Bus } from '../../settlement/bus/bus.js';
import { type BusLocation, openBus, provideBus } from '../../settlement/bus/provide-bus.js';
import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { type Conditions, conditionsNow, formatConditions } from '../report/conditions.js';
import { medianOf, type Spread, spreadOf } from '../report/statistics.js';
import { formatCount, formatRatio, formatTable } from '../report/table.js';
import { measureRawPublish } from './raw-publish.js';

/** A pack of the yardstick: 50 fills of 200 bytes. */
export const FILLS_IN_PACK = 50;
export const PACK_BYTES = FILLS_IN_PACK * 200;
const PACKS = 20_000;
const UNDER_WAY = 1_000;
const READER = 'bench';

export interface BusReport {
  bench: 'bus';
  conditions: Conditions;
  server: string;
  rows: BusRow[];
  holds: boolean;
}

export interface BusRow {
  what: string;
  /** Fills a second: packs a second times 50. */
  fillsPerSecond: Spread;
  /** Median of the ratios within each round; null: it is the yardstick, or there is none. */
  toRaw: number | null;
}

/** Publishing and reading packs, on NATS and on the embedded log, beside the raw client. */
export async function runBusBench(options: BenchOptions): Promise<BusReport> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-bus-'));
  const rates = new Map<string, number[]>();
  const note = (what: string, packsPerSecond: number) => {
    rates.set(what, [...(rates.get(what) ?? []), packsPerSecond * FILLS_IN_PACK]);
  };
  const conditions = conditionsNow(options.rounds);
  let server = '';
  let holds = true;
  try {
    for (let round = 0; round < options.rounds; round++) {
      say(`bus: round ${round + 1} of ${options.rounds}`);
      for (const embedded of [false, true]) {
        const place = path.join(folder, `${round}-${embedded}`);
        const provided = await provideBus({ folder: place, embedded, onProgress: say });
        const { location, sentence } = provided;
        if (!embedded) server = sentence;
        if (location.kind === 'nats') {
          note('raw publish', await measureRawPublish(location.address, PACKS, PACK_BYTES));
        }
        if (embedded || location.kind === 'nats') {
          holds = (await measureBus(location, note)) && holds;
        }
        await provided.close();
        fs.rmSync(place, { recursive: true, force: true });
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const raw = rates.get('raw publish') ?? null;
  const rows = [...rates].map(([what, values]) => ({
    what,
    fillsPerSecond: spreadOf(values),
    toRaw: raw === null || values === raw ? null : medianOf(values.map((v, n) => v / raw[n]!)),
  }));
  return { bench: 'bus', conditions, server, rows, holds };
}

export function formatBusReport({ conditions, server, rows }: BusReport): string {
  const cells = rows.map(({ what, fillsPerSecond, toRaw }) => [
    what,
    formatCount(fillsPerSecond.median),
    `${formatCount(fillsPerSecond.min)} to ${formatCount(fillsPerSecond.max)}`,
    formatRatio(toRaw),
  ]);
  const table = formatTable(['fills a second', 'median', 'range', 'to raw'], cells);
  const packs = `packs of ${FILLS_IN_PACK} fills, ${PACK_BYTES} bytes`;
  return `${formatConditions(conditions)}\n${server}; ${packs}\n\n${table}`;
}

/** False: what was read is not what was published. */
async function measureBus(
  location: BusLocation,
  note: (what: string, packsPerSecond: number) => void,
): Promise<boolean> {
  const name = location.kind === 'nats' ? 'NATS' : 'embedded log';
  const bus = await openBus(location);
  try {
    note(`${name}, publish`, await measurePublish(bus));
    const { packsPerSecond, inOrder } = await measureRead(bus);
    note(`${name}, read and acknowledge`, packsPerSecond);
    return inOrder;
  } finally {
    await bus.close();
  }
}

/** So many publishers that each wait for their pack together keep the window full. */
async function measurePublish(bus: Bus): Promise<number> {
  const data = new Uint8Array(PACK_BYTES).fill(0x5a);
  let next = 1;
  const publishOn = async () => {
    while (next <= PACKS) await bus.publish('fills.1', data, `fills.1-${next++}`);
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: UNDER_WAY }, publishOn));
  return (PACKS * 1_000) / (performance.now() - startMs);
}

async function measureRead(bus: Bus): Promise<{ packsPerSecond: number; inOrder: boolean }> {
  const startMs = performance.now();
  let expected = 1;
  let inOrder = true;
  for await (const message of await bus.consume('fills', READER)) {
    inOrder &&= message.sequence === expected && message.data.length === PACK_BYTES;
    message.ack();
    if (expected++ === PACKS) break;
  }
  return { packsPerSecond: (PACKS * 1_000) / (performance.now() - startMs), inOrder };
}
