import type { LatencySummary } from '../load/latency-histogram.js';
import { type Conditions, formatConditions } from '../report/conditions.js';
import type { Spread } from '../report/statistics.js';
import { formatCount, formatPercent, formatRatio, formatTable, formatUs } from '../report/table.js';
import type { WorkloadResult } from '../workload/format.js';
import type { AccountMemoryFigures } from './measure-accounts.js';
import type { MemoryFigures } from './measure-memory.js';

/** One engine on one workload. */
export interface EngineReport extends WorkloadResult {
  engine: string;
  mix: number;
  workload: string;
  /** Timed commands; fewer than the workload has for engines that take minutes for all. */
  ops: number;
  /** Medians over the rounds. */
  opsPerSecond: number;
  opsPerCpuSecond: number;
  opsPerCpuSecondMin: number;
  opsPerCpuSecondMax: number;
  /** (max − min) / median of ops per CPU second: what the machine's noise did. */
  spread: number;
  /** Trades and resting totals are those of the reference over the same commands. */
  resultIsExpected: boolean;
  /** Median over the rounds of the ratio within a round, ops per CPU second; null: it did not run. */
  ratioToExchangeCore: number | null;
  /** Ops per CPU second of `book` over this engine's. */
  bookIsFasterBy: number | null;
  gcShare: number | null;
  opLatency: LatencySummary | null;
  timerNs: number | null;
  memory: MemoryFigures | null;
}

export interface BookReport {
  bench: 'book';
  conditions: Conditions;
  accounts: number;
  /** Sentences on what did not run, and why. */
  notes: string[];
  engines: EngineReport[];
  /** Null when `core` was not measured. */
  accountMemory: AccountMemoryFigures | null;
}

export function spreadShare(spread: Spread): number {
  return (spread.max - spread.min) / spread.median;
}

export function formatBookReport(report: BookReport): string {
  const parts = [formatConditions(report.conditions)];
  for (const workload of new Set(report.engines.map((engine) => engine.workload))) {
    const engines = report.engines.filter((engine) => engine.workload === workload);
    parts.push(`Mix ${engines[0]?.mix} (${workload})\n${formatSpeed(engines)}`);
    const detailed = engines.filter((engine) => engine.opLatency !== null);
    if (detailed.length > 0) parts.push(formatDetails(detailed));
  }
  if (report.accountMemory !== null) {
    const { accounts, markets, megabytes, residentMegabytes } = report.accountMemory;
    parts.push(
      `${formatCount(accounts)} accounts with a position in each of ${markets} markets: ` +
        `${megabytes} MB in the shard, ${residentMegabytes} MB the whole process`,
    );
  }
  parts.push(
    [
      'ops/CPU s: medians; CPU time of the whole process for ours and npm (compiler and collector',
      'threads included), of the measuring thread alone for exchange-core. "vs xc": the median of',
      'the ratios within each round. "as expected": trades, their checksum and resting totals equal',
      "those of an independent reference. Latency: one command, its message and its events' reading",
      'included, the clock subtracted.',
    ].join('\n'),
  );
  if (report.notes.length > 0) parts.push(report.notes.join('\n'));
  return parts.join('\n\n');
}

function formatSpeed(engines: readonly EngineReport[]): string {
  const head = [
    'engine',
    'ops',
    'ops/s',
    'ops/CPU s',
    'min',
    'max',
    'vs xc',
    'book is',
    'as expected',
  ];
  const rows = engines.map((engine) => [
    engine.engine,
    formatCount(engine.ops),
    formatCount(engine.opsPerSecond),
    formatCount(engine.opsPerCpuSecond),
    formatCount(engine.opsPerCpuSecondMin),
    formatCount(engine.opsPerCpuSecondMax),
    formatRatio(engine.ratioToExchangeCore),
    engine.bookIsFasterBy === null ? '-' : `${formatRatio(engine.bookIsFasterBy)} as fast`,
    engine.resultIsExpected ? 'yes' : 'NO',
  ]);
  return formatTable(head, rows);
}

function formatDetails(engines: readonly EngineReport[]): string {
  const head = ['one command', 'p50', 'p99', 'p99.9', 'max', 'clock', 'GC', 'bytes/order', 'worst'];
  const rows = engines.map((engine) => {
    const { opLatency, gcShare, memory, timerNs } = engine;
    return [
      engine.engine,
      formatUs(opLatency?.p50Us ?? Number.NaN),
      formatUs(opLatency?.p99Us ?? Number.NaN),
      formatUs(opLatency?.p999Us ?? Number.NaN),
      formatUs(opLatency?.maxUs ?? Number.NaN),
      `${timerNs} ns`,
      gcShare === null ? '-' : formatPercent(gcShare),
      String(memory?.bytesPerRestingOrder ?? '-'),
      String(memory?.bytesPerRestingOrderWorst ?? '-'),
    ];
  });
  return formatTable(head, rows);
}
