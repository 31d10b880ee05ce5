import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { type BenchOptions, UsageError } from '../options.js';
import { say } from '../output.js';
import { conditionsNow } from '../report/conditions.js';
import { medianOf, spreadOf } from '../report/statistics.js';
import type { WorkloadResult } from '../workload/format.js';
import { openWorkload, type PreparedWorkload, prepareWorkload } from '../workload/prepared.js';
import { referenceResult } from '../workload/reference-result.js';
import { ENGINES, type EngineKind } from './engines.js';
import { EXCHANGE_CORE, exchangeCoreProblem, runExchangeCore } from './exchange-core.js';
import type { AccountMemoryFigures } from './measure-accounts.js';
import type { MemoryFigures } from './measure-memory.js';
import type { SpeedFigures } from './measure-speed.js';
import { type BookReport, type EngineReport, spreadShare } from './report.js';
import { runChild } from './run-child.js';

/** Figures of all rounds, by engine. */
type Rounds = Map<string, SpeedFigures[]>;

export async function runBookBench(options: BenchOptions): Promise<BookReport> {
  const notes: string[] = [];
  const kinds = chosenEngines(options);
  const withExchangeCore = decideExchangeCore(options, notes);
  const report: BookReport = {
    bench: 'book',
    conditions: conditionsNow(options.rounds),
    accounts: options.accounts,
    notes,
    engines: [],
    accountMemory: null,
  };
  const memory = await measureMemories(kinds);
  if (kinds.some((kind) => kind.name === 'core')) {
    report.accountMemory = await measureAccountMemory(options.accounts);
  }
  for (const prepared of workloadsOf(options)) {
    const rounds = await runRounds(prepared, kinds, withExchangeCore, options);
    const engines = summarize(prepared, rounds, memory);
    for (const engine of engines) {
      const kind = kinds.find((one) => one.name === engine.engine);
      if (kind?.inDetail === true) await addLatency(engine, kind, prepared, options);
    }
    report.engines.push(...engines);
  }
  for (const { engine, mix, resultIsExpected } of report.engines) {
    if (!resultIsExpected) notes.push(`${engine}, mix ${mix}: not the trades of the reference`);
  }
  return report;
}

function chosenEngines(options: BenchOptions): EngineKind[] {
  if (options.engines === null) {
    return ENGINES.filter((kind) => kind.isOurs || options.peers !== 'no');
  }
  const known = new Set(ENGINES.map((kind) => kind.name).concat(EXCHANGE_CORE));
  for (const name of options.engines) {
    if (!known.has(name))
      throw new UsageError(`no engine '${name}'; there are ${[...known].join(', ')}`);
  }
  return ENGINES.filter((kind) => options.engines?.includes(kind.name));
}

function decideExchangeCore(options: BenchOptions, notes: string[]): boolean {
  const wanted = options.engines === null || options.engines.includes(EXCHANGE_CORE);
  if (options.peers === 'no' || !wanted) return false;
  const problem = exchangeCoreProblem();
  if (problem === null) return true;
  if (options.peers === 'required') throw new UsageError(problem);
  notes.push(`Not run: ${problem}`);
  return false;
}

function* workloadsOf(options: BenchOptions): Generator<PreparedWorkload> {
  if (options.workload !== null) {
    yield openWorkload(options.workload);
    return;
  }
  yield prepareWorkload(1, options.ops);
  yield prepareWorkload(2, options.ops);
}

/** Each round runs every engine once, so that a slow minute of the machine slows all of them. */
async function runRounds(
  prepared: PreparedWorkload,
  kinds: readonly EngineKind[],
  withExchangeCore: boolean,
  options: BenchOptions,
): Promise<Rounds> {
  const rounds: Rounds = new Map();
  const { file, workload } = prepared;
  const add = (name: string, round: number, figures: SpeedFigures): void => {
    rounds.set(name, [...(rounds.get(name) ?? []), figures]);
    const speed = (figures.opsPerCpuSecond / 1e6).toFixed(3);
    say(`mix ${workload.mix}, round ${round} of ${options.rounds}: ${name} ${speed} M ops/CPU s`);
  };
  for (let round = 1; round <= options.rounds; round++) {
    for (const kind of kinds) {
      const ops = Math.min(workload.timedCount, kind.opsMax(workload.mix));
      const task = {
        kind: 'speed',
        engine: kind.name,
        file,
        ops,
        accounts: options.accounts,
      } as const;
      add(kind.name, round, (await runChild(task)).speed as SpeedFigures);
    }
    if (withExchangeCore) {
      add(EXCHANGE_CORE, round, await runExchangeCore(file, workload.timedCount));
    }
  }
  return rounds;
}

async function measureMemories(kinds: readonly EngineKind[]): Promise<Map<string, MemoryFigures>> {
  const figures = new Map<string, MemoryFigures>();
  for (const kind of kinds) {
    if (!kind.inDetail) continue;
    const task = { kind: 'memory', engine: kind.name, file: '', ops: 0, accounts: 1000 } as const;
    figures.set(kind.name, (await runChild(task)).memory as MemoryFigures);
    say(`${kind.name}: ${figures.get(kind.name)?.bytesPerRestingOrder} bytes a resting order`);
  }
  return figures;
}

async function measureAccountMemory(accounts: number): Promise<AccountMemoryFigures | null> {
  const task = { kind: 'accounts', engine: 'core', file: '', ops: 0, accounts } as const;
  return (await runChild(task)).accounts ?? null;
}

function summarize(
  prepared: PreparedWorkload,
  rounds: Rounds,
  memory: ReadonlyMap<string, MemoryFigures>,
): EngineReport[] {
  const expectedAfter = new Map<number, WorkloadResult>([
    [prepared.workload.timedCount, prepared.expected],
  ]);
  return [...rounds].map(([engine, figures]) => {
    const { ops, result } = figures[0] as SpeedFigures;
    const expected = expectedAfter.get(ops) ?? referenceResult(prepared.workload, ops);
    expectedAfter.set(ops, expected);
    const perCpu = spreadOf(figures.map((figure) => figure.opsPerCpuSecond));
    const gcShare = medianOf(figures.map((figure) => figure.gcShare));
    return {
      engine,
      mix: prepared.workload.mix,
      workload: prepared.file,
      ops,
      opsPerSecond: medianOf(figures.map((figure) => figure.opsPerSecond)),
      opsPerCpuSecond: perCpu.median,
      opsPerCpuSecondMin: perCpu.min,
      opsPerCpuSecondMax: perCpu.max,
      spread: spreadShare(perCpu),
      ...result,
      resultIsExpected: figures.every((figure) => isDeepStrictEqual(figure.result, expected)),
      ratioToExchangeCore: ratioBetween(rounds, engine, EXCHANGE_CORE),
      bookIsFasterBy: engine === 'book' ? null : ratioBetween(rounds, 'book', engine),
      gcShare: Number.isNaN(gcShare) ? null : gcShare,
      opLatency: null,
      timerNs: null,
      memory: memory.get(engine) ?? null,
    };
  });
}

function ratioBetween(rounds: Rounds, above: string, below: string): number | null {
  const tops = rounds.get(above);
  const bottoms = rounds.get(below);
  if (tops === undefined || bottoms === undefined) return null;
  return medianOf(
    tops.map((top, round) => top.opsPerCpuSecond / (bottoms[round]?.opsPerCpuSecond ?? Number.NaN)),
  );
}

/** In a process of its own, because reading the clock slows the loop down. */
async function addLatency(
  report: EngineReport,
  kind: EngineKind,
  prepared: PreparedWorkload,
  options: BenchOptions,
): Promise<void> {
  const { ops } = report;
  const { file } = prepared;
  const task = {
    kind: 'latency',
    engine: kind.name,
    file,
    ops,
    accounts: options.accounts,
  } as const;
  const figures = (await runChild(task)).latency;
  if (figures === undefined) return;
  const histogram = new LatencyHistogram();
  histogram.addEncoded(figures.histogram);
  report.opLatency = histogram.summary();
  report.timerNs = figures.timerNs;
  if (options.hgrm !== null) {
    writeFileSync(`${options.hgrm}.${kind.name}-mix${report.mix}`, histogram.toHgrm());
  }
}
