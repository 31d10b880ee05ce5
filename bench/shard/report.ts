import type { LatencySummary } from '../load/latency-histogram.js';
import { type Conditions, formatConditions } from '../report/conditions.js';
import type { Spread } from '../report/statistics.js';
import { formatCount, formatRatio, formatTable, formatUs } from '../report/table.js';

/** What may have made the slowest commands wait, told by the shard's own figures over the open loop. */
export interface TailFigures {
  journalSyncs: number;
  /** Frames that took longer than a millisecond to apply and write. */
  slowFrames: number;
  frames: number;
}

/** A shard in one kind of host, with rings, journal and everything. */
export interface HostReport {
  /** `thread`: on a thread of its own; `inline`: on the thread of producer and consumer. */
  host: string;
  /** From the producer's ring through the shard with its journal to the consumer. */
  maxPerSecond: Spread;
  /** Median of the ratios to the core within each round. */
  toCore: number;
  /** Half of the maximum. */
  openLoopPerSecond: number;
  latency: LatencySummary;
  latencyP99UsByRound: number[];
  tail: (TailFigures | null)[];
  resultIsExpected: boolean;
}

export interface ShardRunReport {
  mix: number;
  workload: string;
  /** The core in one thread, as in `bench book`: commands a second of wall-clock time. */
  corePerSecond: number;
  /** The rings with nothing behind them, and at the rate of the open loop of `thread`. */
  ringsMaxPerSecond: number;
  ringsLatency: LatencySummary;
  hosts: HostReport[];
}

export interface ShardReport {
  bench: 'shard';
  conditions: Conditions;
  accounts: number;
  fsync: string;
  runs: ShardRunReport[];
}

export function formatShardReport(report: ShardReport): string {
  const speeds = report.runs.flatMap((run) => [
    [`mix ${run.mix}, core alone`, formatCount(run.corePerSecond)],
    [`mix ${run.mix}, bare rings`, formatCount(run.ringsMaxPerSecond)],
    ...run.hosts.map((host) => [
      `mix ${run.mix}, ${host.host}`,
      formatCount(host.maxPerSecond.median),
      formatCount(host.maxPerSecond.min),
      formatCount(host.maxPerSecond.max),
      formatRatio(host.toCore),
      host.resultIsExpected ? 'yes' : 'NO',
    ]),
  ]);
  const latencies = report.runs.flatMap((run) => [
    ...run.hosts.map((host) => {
      return latencyRow(`mix ${run.mix}, ${host.host}`, host.openLoopPerSecond, host.latency);
    }),
    latencyRow(
      `mix ${run.mix}, bare rings`,
      run.hosts[0]?.openLoopPerSecond ?? Number.NaN,
      run.ringsLatency,
    ),
  ]);
  return [
    formatConditions(report.conditions),
    `Commands a second, ring to ring, journal ${report.fsync}, ${formatCount(report.accounts)} accounts\n` +
      formatTable(['', 'commands/s', 'min', 'max', 'to core', 'as expected'], speeds),
    `Open loop at half of the maximum, from the intended send time\n${formatTable(
      ['', 'rate/s', 'p50', 'p99', 'p99.9', 'max'],
      latencies,
    )}`,
    report.runs.flatMap((run) => run.hosts.map((host) => formatTail(run.mix, host))).join('\n'),
    [
      'core: the same work in one thread without rings and disk. Producer and consumer share a thread, as in',
      'a gateway; the shard has its own. Both spin when busy: with less than two free cores they take turns,',
      'and the latencies are those of the scheduler.',
    ].join('\n'),
  ].join('\n\n');
}

function latencyRow(name: string, rate: number, latency: LatencySummary): string[] {
  const { p50Us, p99Us, p999Us, maxUs } = latency;
  return [name, formatCount(rate), ...[p50Us, p99Us, p999Us, maxUs].map(formatUs)];
}

function formatTail(mix: number, host: HostReport): string {
  const rounds = host.tail.map((tail, round) => {
    const p99 = formatUs(host.latencyP99UsByRound[round] ?? Number.NaN);
    if (tail === null) return `p99 ${p99}`;
    const { journalSyncs, slowFrames, frames } = tail;
    return `p99 ${p99}, ${journalSyncs} syncs, ${slowFrames} of ${frames} frames above 1 ms`;
  });
  return `mix ${mix}, ${host.host}, by round: ${rounds.join('; ')}`;
}
