import { formatConditions } from '../report/conditions.js';
import { formatCount, formatPercent, formatRatio, formatTable, formatUs } from '../report/table.js';
import { NAMES } from './doors-goals.js';
import { MOVING_PER_SECOND } from './measure-fan-out.js';
import { MANY } from './measure-load.js';
import type { DoorsReport } from './run-doors.js';

export function formatDoorsReport(report: DoorsReport): string {
  const goals = report.goals.map(({ what, measured, goal, isHeld }) => {
    return [what, measured, goal, isHeld === null ? '' : isHeld ? 'yes' : 'no'];
  });
  const { idle, codec } = report;
  return [
    `${formatConditions(report.conditions)}; load after ${report.loadAfter}`,
    formatTable(['doors', 'measured', 'goal', 'held'], goals),
    `One connection, one order at a time\n${formatSingle(report)}`,
    `${MANY.connections} connections, ${MANY.inFlight} in flight each; processor time for a message, heap that it takes of the gateway's thread\n${formatMany(report)}`,
    formatFanOut(report),
    `an order in SBE ${codec.sbeNs.toFixed(0)} ns, in msgpackr's arrays ${codec.msgpackNs.toFixed(0)} ns; the idle server has ${idle.beforeMib.toFixed(0)} MiB`,
    'Loopback; echo, exchange and client in processes of their own, layout inline for the doors and compact for the fan-out, without history and settlement.',
  ].join('\n\n');
}

function formatSingle({ doors }: DoorsReport): string {
  const rows = doors.map((door) => [
    NAMES[door.wire],
    ...[door.echoP50Us, door.doorP50Us, door.doorP99Us].map(formatUs),
    formatRatio(door.p50ToEcho),
  ]);
  return formatTable(['door', 'echo p50', 'p50', 'p99', 'to echo'], rows);
}

function formatMany({ doors, allocations }: DoorsReport): string {
  const rows = doors.map((door) => [
    NAMES[door.wire],
    formatCount(door.echoPerSecond),
    formatCount(door.doorPerSecond),
    formatRatio(door.perSecondToEcho),
    formatRatio(door.perSecondToEchoByCpu),
    ...[door.echoCpuUs, door.doorCpuUs, door.doorAllCpuUs, door.clientCpuUs].map(formatUs),
    (allocations.find(({ wire }) => wire === door.wire)?.bytesAMessage ?? Number.NaN).toFixed(0),
    formatPercent(door.errorShare),
  ]);
  const head = ['door', 'echo/s', 'orders/s', 'to echo', 'by CPU'];
  const costs = ['echo', 'main thread', 'all threads', 'client', 'heap bytes', 'errors'];
  return formatTable([...head, ...costs], rows);
}

function formatFanOut({ fanOut }: DoorsReport): string {
  const { newest, oldest, framesPerSecond, subscribers } = fanOut;
  const delays = [
    ['newest change of a frame', newest] as const,
    ['oldest it can have', oldest] as const,
  ].map(([what, { p50Us, p99Us, maxUs }]) => [
    what,
    ...[p50Us, p99Us, maxUs].map((us) => `${(us / 1_000).toFixed(0)} ms`),
  ]);
  const speeds = [
    [
      `shard, in a second of its thread, at ${formatCount(MOVING_PER_SECOND)}/s`,
      fanOut.shardAlonePerCpuSecond,
      fanOut.shardReadPerCpuSecond,
    ],
    ['through the door, in a second, at full speed', fanOut.alonePerSecond, fanOut.readPerSecond],
  ].map(([what, alone, read]) => [
    String(what),
    formatCount(alone as number),
    formatCount(read as number),
  ]);
  return [
    `L2 of three markets at 100 ms to ${formatCount(subscribers)} subscribers, ${formatCount(framesPerSecond)} frames/s`,
    formatTable(['delay until it is read', 'p50', 'p99', 'max'], delays),
    '',
    formatTable(['commands', 'nobody reads', 'all read'], speeds),
  ].join('\n');
}
