import { OrderBook as HftOrderBook } from 'hft-limit-order-book';
import { OrderBook as NodejsOrderBook } from 'nodejs-order-book';
import { FastBook } from '../../engine/book/fast-book.js';
import { NaiveBook } from '../../engine/book/naive-book.js';
import { noPositions } from '../../engine/book/order-book.js';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { compiledKernel } from '../../engine/runtime/kernel-file.js';
import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import { createShardCore } from '../../main/compose.js';
import type { Workload } from '../workload/format.js';
import { BookEngine } from './book-engine.js';
import { CoreEngine } from './core-engine.js';
import { BENCH_MARKET } from './encode.js';
import type { BenchEngine } from './engine.js';
import type { Passes } from './measure-speed.js';
import { openNullJournal } from './null-journal.js';
import { type PeerBook, PeerEngine } from './peer-engine.js';

export interface EngineOptions {
  accounts: number;
}

export interface EngineKind {
  name: string;
  /** What it is, for the legend of the report. */
  note: string;
  open(workload: Workload, options: EngineOptions): BenchEngine;
  passes: Passes;
  /** Slow engines apply only the beginning of the workload, so that a round ends within seconds. */
  opsMax(mix: number): number;
  isOurs: boolean;
  /** Latency of single commands and memory are measured too. */
  inDetail: boolean;
}

const book = { marketId: BENCH_MARKET, priceTicksMax: PRICE_TICKS_MAX, ledger: noPositions };
const openFast = (): FastBook => new FastBook({ ...book, kernel: new Kernel(compiledKernel()) });
const all = (): number => Number.POSITIVE_INFINITY;
/** Both peers look through all orders of a level for each cancel, so deep levels slow them down. */
const opsOfPeers = (mix: number): number => (mix === 1 ? 100_000 : 20_000);

export const ENGINES: readonly EngineKind[] = [
  {
    name: 'book',
    note: 'the fast book behind its messages, encoding and reading of events included',
    open: (workload) => new BookEngine(openFast(), workload),
    passes: { count: 9, warmup: 3 },
    opsMax: all,
    isOurs: true,
    inDetail: true,
  },
  {
    name: 'core',
    note: 'the whole core: margin, positions, journal frames, events; accounts spread by --accounts',
    open: (workload, { accounts }) =>
      new CoreEngine(createShardCore(), openNullJournal(), accounts, workload),
    passes: { count: 9, warmup: 3 },
    opsMax: all,
    isOurs: true,
    inDetail: true,
  },
  {
    name: 'naive',
    note: 'the obviously right book that the fast one is tested against, first commands only',
    open: openNaive,
    passes: { count: 2, warmup: 1 },
    opsMax: () => 20_000,
    isOurs: true,
    inDetail: false,
  },
  {
    name: 'nodejs-order-book',
    note: 'npm, 10.1.1, on the first commands only',
    open: (workload) => new PeerEngine(new NodejsOrderBook() as unknown as PeerBook, workload),
    passes: { count: 2, warmup: 1 },
    opsMax: opsOfPeers,
    isOurs: false,
    inDetail: false,
  },
  {
    name: 'hft-limit-order-book',
    note: 'npm, 7.0.2, on the first commands only',
    open: (workload) => new PeerEngine(new HftOrderBook() as unknown as PeerBook, workload),
    passes: { count: 2, warmup: 1 },
    opsMax: opsOfPeers,
    isOurs: false,
    inDetail: false,
  },
];

/** The prefill would take it longer than all that is measured, and is not timed: it takes over the fast book's state. */
function openNaive(workload: Workload): BenchEngine {
  let engine = new BookEngine(openFast(), workload);
  return {
    run(from, to) {
      engine.run(from, to);
      if (to === workload.prefillCount) {
        engine = BookEngine.continueFrom(engine, new NaiveBook(book), workload);
      }
    },
    result: () => engine.result(),
  };
}

export function engineNamed(name: string): EngineKind {
  const kind = ENGINES.find((engine) => engine.name === name);
  if (kind === undefined) {
    const known = ENGINES.map((engine) => engine.name).join(', ');
    throw new Error(`there is no engine '${name}'; there are ${known}`);
  }
  return kind;
}
