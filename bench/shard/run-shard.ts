import { writeFileSync } from 'node:fs';
import { runChild } from '../book/run-child.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { conditionsNow } from '../report/conditions.js';
import { medianOf, spreadOf } from '../report/statistics.js';
import { runFork } from '../run-fork.js';
import { openWorkload, type PreparedWorkload, prepareWorkload } from '../workload/prepared.js';
import type { ShardFigures, ShardTask } from './child.js';
import type { HostReport, ShardReport, ShardRunReport } from './report.js';

interface Round {
  core: number;
  rings: ShardFigures;
  thread: ShardFigures;
  inline: ShardFigures;
}

const HOSTS = ['thread', 'inline'] as const;

export async function runShardBench(options: BenchOptions): Promise<ShardReport> {
  const conditions = conditionsNow(options.rounds);
  const runs: ShardRunReport[] = [];
  for (const prepared of workloadsOf(options)) {
    const rounds: Round[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      rounds.push(await runRound(prepared, options));
      const { core, thread } = rounds[rounds.length - 1] as Round;
      const mix = `mix ${prepared.workload.mix}, round ${round} of ${options.rounds}`;
      say(`${mix}: core ${core}/s, shard ${thread.maxPerSecond}/s`);
    }
    runs.push(summarize(prepared, rounds, options));
  }
  return { bench: 'shard', conditions, accounts: options.accounts, fsync: 'batch', runs };
}

function* workloadsOf(options: BenchOptions): Generator<PreparedWorkload> {
  if (options.workload !== null) {
    yield openWorkload(options.workload);
    return;
  }
  yield prepareWorkload(1, options.ops);
  yield prepareWorkload(2, options.ops);
}

/** One after the other, so that a slow minute of the machine slows all; the bare rings run at the shard's rate. */
async function runRound(prepared: PreparedWorkload, options: BenchOptions): Promise<Round> {
  const { file, workload } = prepared;
  const { accounts } = options;
  const ops = workload.timedCount;
  const core = await runChild({ kind: 'speed', engine: 'core', file, ops, accounts });
  const base = { file, ops, accounts };
  const thread = await runTask({ ...base, target: 'thread', ratePerSecond: 0 });
  const { ratePerSecond } = thread;
  const rings = await runTask({ ...base, target: 'rings', ratePerSecond });
  const inline = await runTask({ ...base, target: 'inline', ratePerSecond: 0 });
  return { core: core.speed?.opsPerSecond ?? Number.NaN, rings, thread, inline };
}

function runTask(task: ShardTask): Promise<ShardFigures> {
  return runFork<ShardFigures>(new URL('./child.js', import.meta.url), task);
}

function summarize(
  prepared: PreparedWorkload,
  rounds: readonly Round[],
  options: BenchOptions,
): ShardRunReport {
  return {
    mix: prepared.workload.mix,
    workload: prepared.file,
    corePerSecond: medianOf(rounds.map((round) => round.core)),
    ringsMaxPerSecond: medianOf(rounds.map((round) => round.rings.maxPerSecond)),
    ringsLatency: sumOf(rounds.map((round) => round.rings)).summary(),
    hosts: HOSTS.map((host) => summarizeHost(host, prepared, rounds, options)),
  };
}

function summarizeHost(
  host: (typeof HOSTS)[number],
  prepared: PreparedWorkload,
  rounds: readonly Round[],
  options: BenchOptions,
): HostReport {
  const figures = rounds.map((round) => round[host]);
  const latency = sumOf(figures);
  const { mix } = prepared.workload;
  if (options.hgrm !== null) writeFileSync(`${options.hgrm}.${host}-mix${mix}`, latency.toHgrm());
  return {
    host,
    maxPerSecond: spreadOf(figures.map((figure) => figure.maxPerSecond)),
    toCore: medianOf(rounds.map((round) => round[host].maxPerSecond / round.core)),
    openLoopPerSecond: medianOf(figures.map((figure) => figure.ratePerSecond)),
    latency: latency.summary(),
    latencyP99UsByRound: figures.map((figure) => sumOf([figure]).summary().p99Us),
    tail: figures.map((figure) => figure.tail),
    resultIsExpected: figures.every(({ checksum }) => checksum === prepared.expected.checksum),
  };
}

function sumOf(figures: readonly ShardFigures[]): LatencyHistogram {
  const sum = new LatencyHistogram();
  for (const { histogram } of figures) sum.addEncoded(histogram);
  return sum;
}
