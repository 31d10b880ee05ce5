import { availableParallelism } from 'node:os';
import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { conditionsNow } from '../report/conditions.js';
import { medianOf, spreadOf } from '../report/statistics.js';
import { runFork } from '../run-fork.js';
import { prepareWorkload } from '../workload/prepared.js';
import type { LatencyFigures, LatencyTask } from './latency-child.js';
import type { LatencyReport, RiskReport, SweepReport, ThroughputReport } from './report.js';
import type { SweepFigures, SweepTask } from './sweep-child.js';
import type { ThroughputFigures, ThroughputTask } from './throughput-child.js';

const PASSES = 25;
const LATENCY_ACCOUNTS = 100_000;
const LATENCY_SAMPLES = 100;
const MIX = 1;

export async function runRiskBench(options: BenchOptions): Promise<RiskReport> {
  const conditions = conditionsNow(options.rounds);
  const threads = availableParallelism();
  const sweeps: SweepFigures[] = [];
  const throughputs: ThroughputFigures[] = [];
  const latencies = LATENCY_TARGETS.map(() => [] as LatencyFigures[]);
  const { file } = prepareWorkload(MIX, options.ops);
  for (let round = 1; round <= options.rounds; round++) {
    const of = `round ${round} of ${options.rounds}`;
    const { accounts, ops } = options;
    say(`${of}: sweeping ${accounts} accounts`);
    sweeps.push(
      await fork<SweepFigures, SweepTask>('sweep', { accounts, passes: PASSES, threads }),
    );
    say(`${of}: a shard that is swept`);
    const task = { file, ops, accounts, threads: Math.max(1, threads - 1) };
    throughputs.push(await fork<ThroughputFigures, ThroughputTask>('throughput', task));
    for (const [i, target] of LATENCY_TARGETS.entries()) {
      say(`${of}: from a mark to an order, ${target.target}, ${target.threads} threads that sweep`);
      const sampling = { ...target, accounts: LATENCY_ACCOUNTS, samples: LATENCY_SAMPLES };
      latencies[i]?.push(await fork<LatencyFigures, LatencyTask>('latency', sampling));
    }
  }
  return {
    bench: 'risk',
    conditions,
    sweep: sweepReport(sweeps, options.accounts, threads),
    throughput: throughputReport(throughputs, options.accounts, Math.max(1, threads - 1)),
    latency: LATENCY_TARGETS.map((target, i) => latencyReport(target, latencies[i] ?? [])),
    marginCheck: {
      anyNs: spreadOf(sweeps.map(({ marginCheck }) => marginCheck.anyNs)),
      hotNs: spreadOf(sweeps.map(({ marginCheck }) => marginCheck.hotNs)),
    },
  };
}

const LATENCY_TARGETS = [
  { target: 'inline', threads: 0 },
  { target: 'inline', threads: 1 },
  { target: 'thread', threads: 1 },
] as const;

function fork<Figures extends { error?: string }, Task extends object>(
  name: string,
  task: Task,
): Promise<Figures> {
  return runFork<Figures>(new URL(`./${name}-child.js`, import.meta.url), task);
}

function sweepReport(
  figures: readonly SweepFigures[],
  accounts: number,
  threads: number,
): SweepReport {
  const medians = (of: 'bareMs' | 'hereMs' | 'poolMs') => figures.map((each) => medianOf(each[of]));
  const ratios = figures.map(({ bareMs, poolMs }) => {
    return medianOf(poolMs) / (medianOf(bareMs) / threads);
  });
  return {
    accounts,
    positions: figures[0]?.positions ?? 0,
    threads,
    bareMs: spreadOf(medians('bareMs')),
    hereMs: spreadOf(medians('hereMs')),
    poolMs: spreadOf(medians('poolMs')),
    hereToBare: spreadOf(figures.map(({ bareMs, hereMs }) => medianOf(hereMs) / medianOf(bareMs))),
    poolToBareDivided: spreadOf(ratios),
    hereCpuToBare: spreadOf(
      figures.map(({ bareCpuMs, hereCpuMs }) => medianOf(hereCpuMs) / medianOf(bareCpuMs)),
    ),
    poolCpuToBare: spreadOf(
      figures.map(({ bareCpuMs, poolCpuMs }) => medianOf(poolCpuMs) / medianOf(bareCpuMs)),
    ),
  };
}

function throughputReport(
  figures: readonly ThroughputFigures[],
  accounts: number,
  threads: number,
): ThroughputReport {
  const shares = (of: 'tenASecond' | 'always') => {
    return figures.map((each) => medianOf(each[of]) / medianOf(each.without));
  };
  const cpuShares = (of: 'tenASecond' | 'always') => {
    return figures.map(({ cpu }) => medianOf(cpu[of]) / medianOf(cpu.without));
  };
  return {
    accounts,
    threads,
    without: spreadOf(figures.map((each) => medianOf(each.without))),
    tenASecond: spreadOf(shares('tenASecond')),
    always: spreadOf(shares('always')),
    tenASecondCpu: spreadOf(cpuShares('tenASecond')),
    alwaysCpu: spreadOf(cpuShares('always')),
    roundsPerSecond: spreadOf(figures.map((each) => each.roundsPerSecond)),
  };
}

function latencyReport(
  { target, threads }: (typeof LATENCY_TARGETS)[number],
  figures: readonly LatencyFigures[],
): LatencyReport {
  const first = figures.flatMap(({ firstOrderMs }) => firstOrderMs).sort((a, b) => a - b);
  const at = (share: number) => first[Math.ceil(share * first.length) - 1] ?? Number.NaN;
  return {
    target,
    threads,
    samples: first.length,
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    maxMs: at(1),
    settledMs: spreadOf(figures.flatMap(({ settledMs }) => settledMs)),
  };
}
