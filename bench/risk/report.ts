import { type Conditions, formatConditions } from '../report/conditions.js';
import type { Spread } from '../report/statistics.js';
import { formatCount, formatPercent, formatRatio, formatTable } from '../report/table.js';

export interface SweepReport {
  accounts: number;
  positions: number;
  threads: number;
  /** Milliseconds for all accounts. */
  bareMs: Spread;
  hereMs: Spread;
  poolMs: Spread;
  hereToBare: Spread;
  /** Against the time of the bare loop divided by the threads. */
  poolToBareDivided: Spread;
  /** Time of processors, of all threads together, against the bare loop's. */
  hereCpuToBare: Spread;
  poolCpuToBare: Spread;
}

export interface ThroughputReport {
  accounts: number;
  threads: number;
  /** Commands a second while nothing is swept. */
  without: Spread;
  /** Shares of that. */
  tenASecond: Spread;
  always: Spread;
  /** The same by CPU time of the shard's thread; not a number where the system does not say it. */
  tenASecondCpu: Spread;
  alwaysCpu: Spread;
  roundsPerSecond: Spread;
}

export interface LatencyReport {
  target: string;
  threads: number;
  samples: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
  settledMs: Spread;
}

export interface RiskReport {
  bench: 'risk';
  conditions: Conditions;
  sweep: SweepReport;
  throughput: ThroughputReport;
  latency: readonly LatencyReport[];
  marginCheck: { anyNs: Spread; hotNs: Spread };
}

export function formatRiskReport(report: RiskReport): string {
  const { conditions, sweep, throughput, latency, marginCheck } = report;
  return [
    formatConditions(conditions),
    formatSweep(sweep),
    formatThroughput(throughput),
    formatLatency(latency),
    `Margin check and reservation of an order by an account with 4 positions\n${formatTable(
      ['', 'ns', 'min', 'max'],
      [row('any account', marginCheck.anyNs, 0), row('the same 64', marginCheck.hotNs, 0)],
    )}`,
    [
      'bare loop: plain arrays, floats, one thread, the same positions. By all threads, what counts is the time against',
      "the bare loop's divided by the threads. Where cores are not free, the ratio of CPU time says more: it is what",
      'the other one would be if each thread had a core for itself.',
    ].join('\n'),
  ].join('\n\n');
}

function formatSweep(sweep: SweepReport): string {
  const { accounts, positions, threads } = sweep;
  const title = `Sweep of ${formatCount(accounts)} accounts with ${formatCount(positions)} positions`;
  const head = ['', 'ms', 'min', 'max', 'ratio', 'min', 'max', 'ratio of CPU'];
  return `${title}\n${formatTable(head, [
    row('bare loop', sweep.bareMs, 2),
    [
      ...row('this thread alone', sweep.hereMs, 2),
      ...ratio(sweep.hereToBare),
      formatRatio(sweep.hereCpuToBare.median),
    ],
    [
      ...row(`${threads} threads`, sweep.poolMs, 2),
      ...ratio(sweep.poolToBareDivided),
      formatRatio(sweep.poolCpuToBare.median),
    ],
  ])}`;
}

function formatThroughput(throughput: ThroughputReport): string {
  const { accounts, threads, without, tenASecond, always, roundsPerSecond } = throughput;
  const { tenASecondCpu, alwaysCpu } = throughput;
  const title = `A shard with ${formatCount(accounts)} accounts at work, swept by ${threads} threads`;
  const share = ({ median, min, max }: Spread) => [median, min, max].map(formatPercent);
  const counts = [without.median, without.min, without.max].map(formatCount);
  return `${title}\n${formatTable(
    ['', 'commands/s', 'min', 'max', 'by CPU time'],
    [
      ['not swept', ...counts],
      ['ten rounds a second, of that', ...share(tenASecond), formatPercent(tenASecondCpu.median)],
      [
        `without a pause (${roundsPerSecond.median.toFixed(0)} a second)`,
        ...share(always),
        formatPercent(alwaysCpu.median),
      ],
    ],
  )}`;
}

function formatLatency(reports: readonly LatencyReport[]): string {
  const rows = reports.map((each) => {
    const name = `${each.target}, ${each.threads} threads that sweep`;
    const times = [each.p50Ms, each.p90Ms, each.p99Ms, each.maxMs, each.settledMs.median];
    return [name, `${each.samples}`, ...times.map((ms) => ms.toFixed(2))];
  });
  const head = ['', 'samples', 'p50 ms', 'p90', 'p99', 'max', 'all 1 % begun'];
  return `From a mark to the first order of a liquidation, 1 % of 100,000 accounts below\n${formatTable(head, rows)}`;
}

function row(name: string, { median, min, max }: Spread, digits: number): string[] {
  return [name, ...[median, min, max].map((value) => value.toFixed(digits))];
}

function ratio({ median, min, max }: Spread): string[] {
  return [median, min, max].map(formatRatio);
}
