import type { LoadAnswer, WireName } from '../gateway/load-task.js';
import { runLoad } from '../gateway/run-load.js';
import { LADDERS, type Target } from '../gateway/target.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { say } from '../output.js';
import { medianOf } from '../report/statistics.js';
import { formatCount, formatUs } from '../report/table.js';

export const MANY = { connections: 50, inFlight: 16 };
/** Of a window, before it counts. */
const WARMUP_SHARE = 0.3;
const US_PER_NS = 1e-3;

/** A door, and the echo whose bytes and client are the same. */
export interface Pair {
  wire: WireName;
  echo: Target;
  door: Target;
  /** Of the door. */
  port: number;
}

/** Medians over the rounds; ratios are those of a round. */
export interface DoorFigures {
  wire: WireName;
  echoP50Us: number;
  doorP50Us: number;
  doorP99Us: number;
  p50ToEcho: number;
  echoPerSecond: number;
  doorPerSecond: number;
  perSecondToEcho: number;
  /** Processor time of the server's main thread for a message with many in flight, in µs, and of the client. */
  echoCpuUs: number;
  doorCpuUs: number;
  clientCpuUs: number;
  /** Of all the server's threads. */
  doorAllCpuUs: number;
  /** What throughput would be to the echo's if client and main thread had a core each. */
  perSecondToEchoByCpu: number;
  /** Share of answers that were errors. */
  errorShare: number;
}

interface Window {
  echo: LoadAnswer;
  door: LoadAnswer;
}

/** Windows of one connection and of many, by turns, the echo and the door one after the other. */
export async function measureLoad(
  pairs: readonly Pair[],
  rounds: number,
  windowMs: number,
): Promise<DoorFigures[]> {
  const windows = pairs.map(() => ({ single: [] as Window[], many: [] as Window[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const [i, pair] of pairs.entries()) {
      const single = await visit(pair, 1, 1, windowMs);
      const many = await visit(pair, MANY.connections, MANY.inFlight, windowMs);
      windows[i]?.single.push(single);
      windows[i]?.many.push(many);
      const rates = [many.echo, many.door].map((side) => formatCount(side.messagesPerSecond));
      const p50s = [single.echo, single.door].map((side) => formatUs(p50Us(side)));
      say(`round ${round} of ${rounds}, ${pair.wire} (echo, door): p50 ${p50s}, ${rates}/s`);
    }
  }
  return pairs.map(({ wire }, i) => {
    return figuresOf(wire, windows[i]?.single ?? [], windows[i]?.many ?? []);
  });
}

async function visit(pair: Pair, connections: number, inFlight: number, windowMs: number) {
  const { wire, echo, door, port } = pair;
  const run = async (target: Target, at: number) => {
    return runLoad({
      wire,
      port: at,
      serverPid: target.server.pid,
      logins: await target.newLogins(connections),
      ladders: [LADDERS[0]],
      connections,
      warmupMs: windowMs * WARMUP_SHARE,
      measureMs: windowMs * (1 - WARMUP_SHARE),
      load: { kind: 'closed', inFlight },
    });
  };
  return { echo: await run(echo, echo.port), door: await run(door, port) };
}

function figuresOf(wire: WireName, single: readonly Window[], many: readonly Window[]) {
  const median = (of: (window: Window) => number, windows = many) => medianOf(windows.map(of));
  return {
    wire,
    echoP50Us: median(({ echo }) => p50Us(echo), single),
    doorP50Us: median(({ door }) => p50Us(door), single),
    doorP99Us: median(({ door }) => percentileUs(door, 99), single),
    p50ToEcho: median(({ echo, door }) => p50Us(door) / p50Us(echo), single),
    echoPerSecond: median(({ echo }) => echo.messagesPerSecond),
    doorPerSecond: median(({ door }) => door.messagesPerSecond),
    perSecondToEcho: median(({ echo, door }) => door.messagesPerSecond / echo.messagesPerSecond),
    echoCpuUs: median(({ echo }) => mainCpuUs(echo)),
    doorCpuUs: median(({ door }) => mainCpuUs(door)),
    clientCpuUs: median(({ door }) => clientCpuUs(door)),
    doorAllCpuUs: median(({ door }) => allCpuUs(door)),
    perSecondToEchoByCpu: median(({ echo, door }) => slowestUs(echo) / slowestUs(door)),
    errorShare: median(({ door }) => door.errors / Math.max(1, door.messages)),
  };
}

function slowestUs(answer: LoadAnswer): number {
  return Math.max(mainCpuUs(answer), clientCpuUs(answer));
}

function mainCpuUs({ serverCpuUs, messages }: LoadAnswer): number {
  return (serverCpuUs[0] ?? Number.NaN) / messages;
}

function allCpuUs({ serverCpuUs, messages }: LoadAnswer): number {
  return serverCpuUs.reduce((sum, us) => sum + us, 0) / messages;
}

function clientCpuUs(answer: LoadAnswer): number {
  return answer.clientCpuUs / answer.messages;
}

function p50Us(answer: LoadAnswer): number {
  return percentileUs(answer, 50);
}

function percentileUs({ histogram }: LoadAnswer, percentile: number): number {
  const times = new LatencyHistogram();
  times.addEncoded(histogram);
  return times.atPercentileNs(percentile) * US_PER_NS;
}
