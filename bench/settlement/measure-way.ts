import fs from 'node:fs';
import path from 'node:path';
import { type BusLocation, provideBus } from '../../settlement/bus/provide-bus.js';
import { say } from '../output.js';
import { medianOf, type Spread, spreadOf } from '../report/statistics.js';
import { formatCount } from '../report/table.js';
import { runFork } from '../run-fork.js';
import { FILLS_IN_PACK, PACK_BYTES } from './bus.js';
import { measureRawPublish } from './raw-publish.js';
import type { StageAnswer, StageTask } from './stage-tasks.js';

export interface WayOptions {
  folder: string;
  rounds: number;
  fills: number;
  accounts: number;
  rawPacks: number;
}

export interface WayRow {
  bus: 'NATS' | 'embedded log';
  /** Journal → outbox → bus → ledger: the last three quarters, until the last fill is on the ledger's disk. */
  fillsPerSecond: Spread;
  /** All of it, with the first quarter, in which the compiler learns. */
  coldFillsPerSecond: Spread;
  /** Median of the ratios within each round to the raw packed publish; null: there is no server. */
  toRaw: number | null;
  /** Fills, and what else moves money. */
  itemsInPack: number;
  bytesAnItem: number;
  /** Fills a second that a whole core of its own would do. */
  outboxPerCpuSecond: number;
  ledgerPerCpuSecond: number;
}

export interface NettingReport {
  fills: number;
  accounts: number;
  entries: number;
  /** Of what is in memory. */
  nettingMs: Spread;
  /** One batch out of the ledger: reading its packs, netting, writing batch, entries and cursors, synced. */
  fromLedgerMs: Spread;
  /** Journal to items, which the outbox does: fills a second. */
  foldPerSecond: Spread;
}

export interface WayReport {
  /** What carries the fills; says why when there is no server. */
  server: string;
  /** Fills a second: packs of 50 fills of 200 bytes. */
  rawPublish: Spread | null;
  enginePerSecond: number;
  rows: WayRow[];
  netting: NettingReport;
}

interface Passage {
  publish: StageAnswer;
  take: StageAnswer;
  fillsPerSecond: number;
  coldFillsPerSecond: number;
}

const PASSES = 5;

/** One journal, made once; then outbox, bus and ledger, each in a process of its own, beside the raw client on the same server. */
export async function measureWay(options: WayOptions): Promise<WayReport> {
  const { folder, rounds, fills, accounts, rawPacks } = options;
  const dataDir = path.join(folder, 'exchange');
  const made = await stage({ kind: 'journal', dataDir, fills, accounts });
  if (made.fills !== fills) throw new Error(`the journal has ${made.fills} of ${fills} fills`);
  const raw: number[] = [];
  const passages = { NATS: [] as Passage[], 'embedded log': [] as Passage[] };
  const nets: StageAnswer[] = [];
  let server = '';
  for (let round = 1; round <= rounds; round++) {
    for (const embedded of [false, true]) {
      const place = path.join(folder, `bus-${round}-${embedded}`);
      const { location, sentence, close } = await provideBus({ folder: place, embedded });
      if (!embedded) server = sentence;
      if (location.kind === 'nats') {
        const packs = await measureRawPublish(location.address, rawPacks, PACK_BYTES);
        raw.push(packs * FILLS_IN_PACK);
      }
      if (embedded || location.kind === 'nats') {
        const passage = await pass(options, dataDir, place, location);
        passages[embedded ? 'embedded log' : 'NATS'].push(passage);
        const rate = formatCount(passage.fillsPerSecond);
        say(`settlement: round ${round} of ${rounds}, ${location.kind}: ${rate} fills/s`);
      }
      await close();
      fs.rmSync(place, { recursive: true, force: true });
    }
    nets.push(await stage({ kind: 'net', dataDir, passes: PASSES }));
  }
  const rows = Object.entries(passages)
    .filter(([, passed]) => passed.length > 0)
    .map(([bus, passed]) => rowOf(bus as WayRow['bus'], passed, raw));
  const all = [...passages.NATS, ...passages['embedded log']];
  return {
    server,
    rawPublish: raw.length === 0 ? null : spreadOf(raw),
    enginePerSecond: rateOf(made),
    rows,
    netting: {
      fills,
      accounts,
      entries: nets[0]?.entries ?? 0,
      nettingMs: spreadOf(nets.map(({ nettingMs }) => nettingMs)),
      fromLedgerMs: spreadOf(all.map(({ take }) => take.nettingMs)),
      foldPerSecond: spreadOf(nets.map(rateOf)),
    },
  };
}

/** Reader and publisher at the same time; the clock runs from the publisher's first step to the ledger's last sync. */
async function pass(
  { fills }: WayOptions,
  dataDir: string,
  place: string,
  bus: BusLocation,
): Promise<Passage> {
  fs.mkdirSync(place, { recursive: true });
  // Where the outbox stood with the bus before.
  fs.rmSync(path.join(dataDir, 'outbox'), { recursive: true, force: true });
  const readyFile = path.join(place, 'ready');
  const reader = path.join(place, 'reader');
  const [publish, take] = await Promise.all([
    stage({ kind: 'publish', dataDir, bus, readyFile }),
    stage({ kind: 'take', dataDir: reader, bus, readyFile, fills }),
  ]);
  const coldFillsPerSecond = (fills * 1_000) / (take.endMs - publish.startMs);
  const { endMs, warmMs, warmFills } = take;
  // Very few fills may come all at once.
  const isTooShort = endMs <= warmMs;
  const fillsPerSecond = isTooShort
    ? coldFillsPerSecond
    : ((fills - warmFills) * 1_000) / (endMs - warmMs);
  return { publish, take, fillsPerSecond, coldFillsPerSecond };
}

function rowOf(bus: WayRow['bus'], passed: readonly Passage[], raw: readonly number[]): WayRow {
  const rates = passed.map(({ fillsPerSecond }) => fillsPerSecond);
  const cpu = ({ fills, cpuMs }: StageAnswer) => (fills * 1_000) / cpuMs;
  return {
    bus,
    fillsPerSecond: spreadOf(rates),
    coldFillsPerSecond: spreadOf(passed.map((passage) => passage.coldFillsPerSecond)),
    toRaw: raw.length === 0 ? null : medianOf(rates.map((rate, n) => rate / (raw[n] as number))),
    itemsInPack: medianOf(passed.map(({ publish }) => publish.fills / publish.packs)),
    bytesAnItem: medianOf(passed.map(({ publish }) => publish.bytes / publish.fills)),
    outboxPerCpuSecond: medianOf(passed.map(({ publish }) => cpu(publish))),
    ledgerPerCpuSecond: medianOf(passed.map(({ take }) => cpu(take))),
  };
}

function rateOf({ fills, startMs, endMs }: StageAnswer): number {
  return (fills * 1_000) / Math.max(1, endMs - startMs);
}

function stage(task: StageTask): Promise<StageAnswer> {
  return runFork<StageAnswer>(new URL('./stage-child.js', import.meta.url), task);
}
