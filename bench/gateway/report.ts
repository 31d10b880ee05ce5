import type { LatencySummary } from '../load/latency-histogram.js';
import { type Conditions, formatConditions } from '../report/conditions.js';
import type { Spread } from '../report/statistics.js';
import { formatCount, formatPercent, formatRatio, formatTable, formatUs } from '../report/table.js';

export type LatencyReport = LatencySummary;

export interface OpenLoopReport extends LatencyReport {
  ratePerSecond: number;
  /** Requests of all rounds that got no answer within two seconds after the end. */
  unanswered: number;
}

export interface TargetReport {
  /** `echo` or a layout of the exchange, with or without those who follow its journal. */
  target: string;
  /** One connection, one request at a time: order to acknowledgement. */
  single: LatencyReport;
  /** Many connections, each with several requests in flight. */
  manyMessagesPerSecond: Spread;
  manyErrorShare: number;
  many: LatencyReport;
  /** From the intended send time at a constant rate. */
  open: OpenLoopReport[];
  /** Medians of the ratios within each round. */
  singleP50ToEcho: number;
  manyToEcho: number;
}

export interface GatewayReport {
  bench: 'gateway';
  conditions: Conditions;
  connections: number;
  inFlight: number;
  openConnections: number;
  notes: string[];
  targets: TargetReport[];
}

export function formatGatewayReport(report: GatewayReport): string {
  const { connections, inFlight, openConnections, targets } = report;
  const single = targets.map(({ target, single, singleP50ToEcho }) => [
    target,
    ...latencyCells(single),
    formatRatio(singleP50ToEcho),
  ]);
  const many = targets.map((target) => [
    target.target,
    formatCount(target.manyMessagesPerSecond.median),
    formatCount(target.manyMessagesPerSecond.min),
    formatCount(target.manyMessagesPerSecond.max),
    formatUs(target.many.p50Us),
    formatUs(target.many.p99Us),
    formatPercent(target.manyErrorShare),
    formatRatio(target.manyToEcho),
  ]);
  const open = targets.flatMap(({ target, open }) =>
    open.map((one) => [
      target,
      formatCount(one.ratePerSecond),
      ...latencyCells(one),
      String(one.unanswered),
    ]),
  );
  const parts = [
    formatConditions(report.conditions),
    `One connection, one request at a time\n${formatTable(['target', 'p50', 'p99', 'p99.9', 'max', 'p50 vs echo'], single)}`,
    `${connections} connections, ${inFlight} in flight each, msgpack\n${formatTable(['target', 'messages/s', 'min', 'max', 'p50', 'p99', 'errors', 'vs echo'], many)}`,
    `Open loop over ${openConnections} connections, from the intended send time\n${formatTable(['target', 'rate/s', 'p50', 'p99', 'p99.9', 'max', 'unanswered'], open)}`,
    [
      'Loopback; server and client in processes of their own, the same client with hand-made frames for all.',
      'Requests are places and cancels by turns, one place in 16 trades. errors: cancels of orders that had',
      'traded. On two cores client and server threads share cores with the layouts of several threads, and with',
      'followers: history and settlement, which follow the journal in a thread and processes of their own.',
    ].join('\n'),
  ];
  if (report.notes.length > 0) parts.push(report.notes.join('\n'));
  return parts.join('\n\n');
}

function latencyCells(latency: LatencyReport): string[] {
  return [latency.p50Us, latency.p99Us, latency.p999Us, latency.maxUs].map(formatUs);
}
