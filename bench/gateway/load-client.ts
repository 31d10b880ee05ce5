/**
 * The client process: puts load on a server and measures from request to answer. It uses bare sockets and
 * prepared frames, so that even at full speed most of the time goes to the server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { InFlightTimes } from '../load/in-flight.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { nowNs, OpenLoopSchedule } from '../load/open-loop.js';
import { BinanceWire } from './binance-wire.js';
import type { LoadAnswer, LoadTask, Login, OpenLoad, WireName } from './load-task.js';
import { MsgpackWire } from './msgpack-wire.js';
import type { PriceLadder } from './order-mix.js';
import { SbeWire } from './sbe-wire.js';
import { threadTimesOf, threadTimesSince } from './thread-times.js';
import type { LoadWire } from './wire.js';

/** A request that gets no answer within this time never gets one. */
const DRAIN_MS = 2_000;
const IN_FLIGHT_MAX = 65_536;

const OPEN: Record<
  WireName,
  (port: number, login: Login | null, ladder: PriceLadder) => Promise<LoadWire>
> = {
  msgpack: (...where) => MsgpackWire.open(...where),
  sbe: (...where) => SbeWire.open(...where),
  binance: (...where) => BinanceWire.open(...where),
};

class Lane {
  readonly wire: LoadWire;
  private readonly times = new InFlightTimes(IN_FLIGHT_MAX);
  waiting = 0;

  constructor(wire: LoadWire) {
    this.wire = wire;
  }

  request(intendedNs: number): void {
    this.times.begin(this.wire.request(), intendedNs);
    this.waiting++;
  }

  /** Latency of a request that is answered; NaN when it was already. */
  answer(request: number): number {
    const latency = this.times.end(request, nowNs());
    if (!Number.isNaN(latency)) this.waiting--;
    return latency;
  }
}

process.once('message', (message) => {
  void run(message as LoadTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});

async function run(task: LoadTask): Promise<LoadAnswer> {
  const { connections, ladders, logins, port } = task;
  const lanes: Lane[] = [];
  for (let i = 0; i < connections; i++) {
    const login = logins[i % logins.length] ?? null;
    const ladder = ladders[i % ladders.length] as PriceLadder;
    lanes.push(new Lane(await OPEN[task.wire](port, login, ladder)));
  }
  const answer = await (task.load.kind === 'closed'
    ? closedLoop(task, lanes)
    : openLoop(task, task.load, lanes));
  for (const lane of lanes) lane.wire.close();
  return answer;
}

/** Each answer is followed by the next request at once. */
function closedLoop(task: LoadTask, lanes: readonly Lane[]): Promise<LoadAnswer> {
  const inFlight = task.load.kind === 'closed' ? task.load.inFlight : 1;
  const histogram = new LatencyHistogram();
  let measuring = false;
  let stopped = false;
  for (const lane of lanes) {
    // One write for all answers that came together, as the next turn of the event loop begins.
    let armed = false;
    const flush = (): void => {
      armed = false;
      lane.wire.flush();
    };
    lane.wire.onAnswer = (request) => {
      const latency = lane.answer(request);
      if (Number.isNaN(latency) || stopped) return;
      if (measuring) histogram.recordNs(latency);
      lane.request(nowNs());
      if (!armed) {
        armed = true;
        queueMicrotask(flush);
      }
    };
    for (let i = 0; i < inFlight; i++) lane.request(nowNs());
    lane.wire.flush();
  }
  return new Promise((resolve) => {
    setTimeout(() => {
      measuring = true;
      const fromNs = nowNs();
      const errorsBefore = errorsOf(lanes);
      const cpuBefore = cpuNow(task);
      setTimeout(() => {
        stopped = true;
        const cpu = cpuSince(task, cpuBefore);
        const errors = errorsOf(lanes) - errorsBefore;
        resolve({ ...answerOf(histogram, nowNs() - fromNs, errors, 0), ...cpu });
      }, task.measureMs);
    }, task.warmupMs);
  });
}

/** Requests at their intended times, whether the ones before have been answered or not. */
async function openLoop(
  task: LoadTask,
  { ratePerSecond, burstMs }: OpenLoad,
  lanes: readonly Lane[],
): Promise<LoadAnswer> {
  const histogram = new LatencyHistogram();
  const startNs = nowNs() + 1e6;
  const measureFromNs = startNs + task.warmupMs * 1e6;
  const endNs = measureFromNs + task.measureMs * 1e6;
  const schedule = new OpenLoopSchedule(ratePerSecond, startNs);
  for (const lane of lanes) {
    lane.wire.onAnswer = (request) => {
      const latency = lane.answer(request);
      if (Number.isNaN(latency)) return;
      if (nowNs() - latency >= measureFromNs) histogram.recordNs(latency);
    };
  }
  const cpuBefore = cpuNow(task);
  let isWarm = false;
  for (let now = nowNs(); now < endNs; now = nowNs()) {
    if (!isWarm && now >= measureFromNs) {
      isWarm = true;
      process.send?.({ note: 'warm' });
    }
    for (let due = schedule.dueAt(now); due > 0; due--) {
      const lane = lanes[schedule.taken % lanes.length] as Lane;
      lane.request(schedule.take());
    }
    // One write for what is due on a connection: a client that is late must not be late for its writes.
    for (const lane of lanes) lane.wire.flush();
    // Spinning through the event loop: a timer would be late by up to a millisecond.
    if (burstMs === undefined) await new Promise(setImmediate);
    else await sleep(burstMs);
  }
  const cpu = cpuSince(task, cpuBefore);
  const waiting = (): number => lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  for (const giveUp = nowNs() + DRAIN_MS * 1e6; waiting() > 0 && nowNs() < giveUp; ) {
    await new Promise(setImmediate);
  }
  const answer = answerOf(histogram, task.measureMs * 1e6, errorsOf(lanes), waiting());
  return { ...answer, ...cpu };
}

interface CpuTimes {
  client: NodeJS.CpuUsage;
  server: Map<number, number>;
}

function cpuNow({ serverPid }: LoadTask): CpuTimes {
  return { client: process.cpuUsage(), server: threadTimesOf(serverPid) };
}

function cpuSince({ serverPid }: LoadTask, before: CpuTimes) {
  const { user, system } = process.cpuUsage(before.client);
  return { serverCpuUs: threadTimesSince(serverPid, before.server), clientCpuUs: user + system };
}

function errorsOf(lanes: readonly Lane[]): number {
  return lanes.reduce((sum, lane) => sum + lane.wire.errors, 0);
}

function answerOf(
  histogram: LatencyHistogram,
  elapsedNs: number,
  errors: number,
  unanswered: number,
): LoadAnswer {
  const messages = histogram.samples;
  return {
    messages,
    messagesPerSecond: Math.round(messages / (elapsedNs / 1e9)),
    errors,
    unanswered,
    serverCpuUs: [],
    clientCpuUs: 0,
    histogram: histogram.encode(),
  };
}
