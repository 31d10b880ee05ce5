/**
 * The client process: puts load on a server and measures from request to answer. It uses bare sockets and
 * prepared frames, so that even at full speed most of the time goes to the server.
 */
import { pack, unpack } from 'msgpackr';
import { MESSAGES } from '../../gateway/protocol/messages.js';
import { REQUESTS } from '../../gateway/protocol/requests.js';
import { signWithSecret } from '../../gateway/session/api-keys.js';
import { loginText } from '../../gateway/session/login.js';
import { InFlightTimes } from '../load/in-flight.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { nowNs, OpenLoopSchedule } from '../load/open-loop.js';
import type { LoadAnswer, LoadTask } from './load-task.js';
import { OrderFlow } from './order-flow.js';
import { RawSocket } from './raw-socket.js';

/** A request that gets no answer within this time never gets one. */
const DRAIN_MS = 2_000;
const IN_FLIGHT_MAX = 65_536;

class Lane {
  readonly socket: RawSocket;
  readonly flow: OrderFlow;
  private readonly times = new InFlightTimes(IN_FLIGHT_MAX);
  waiting = 0;

  constructor(socket: RawSocket, flow: OrderFlow) {
    this.socket = socket;
    this.flow = flow;
  }

  request(intendedNs: number): void {
    this.socket.add(this.flow.next());
    this.times.begin(this.flow.request, intendedNs);
    this.waiting++;
  }

  /** Latency of the request that this message answers; NaN when it answers none. */
  answer(bytes: Buffer, from: number): number {
    const request = this.flow.answer(bytes, from);
    if (request === 0) return Number.NaN;
    this.waiting--;
    return this.times.end(request, nowNs());
  }
}

process.once('message', (message) => {
  void run(message as LoadTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});

async function run(task: LoadTask): Promise<LoadAnswer> {
  const lanes: Lane[] = [];
  for (let i = 0; i < task.connections; i++) {
    const { port, subprotocol } = task;
    const socket = await RawSocket.open({ port, path: '/v1', subprotocol });
    const login = task.logins[i % task.logins.length];
    if (login !== undefined) await logIn(socket, login);
    lanes.push(new Lane(socket, new OrderFlow(task.ladder)));
  }
  const answer = await (task.load.kind === 'closed'
    ? closedLoop(task, lanes)
    : openLoop(task, lanes));
  for (const lane of lanes) lane.socket.close();
  return answer;
}

async function logIn(socket: RawSocket, login: LoadTask['logins'][number]): Promise<void> {
  const hello = await nextMessage(socket);
  if (hello[0] !== MESSAGES.hello.code) throw new Error(`no hello, but ${JSON.stringify(hello)}`);
  const challenge = hello[1 + MESSAGES.hello.fields.indexOf('challenge')] as string;
  const time = hello[1 + MESSAGES.hello.fields.indexOf('time')] as number;
  const { apiKey, apiSecret, venue } = login;
  const signature = signWithSecret(apiSecret, loginText(venue, challenge, time));
  socket.send(pack([REQUESTS.login.code, 1, null, apiKey, challenge, time, signature]));
  const done = await nextMessage(socket);
  if (done[0] !== MESSAGES.done.code) throw new Error(`login failed: ${JSON.stringify(done)}`);
}

function nextMessage(socket: RawSocket): Promise<unknown[]> {
  return new Promise((resolve) => {
    socket.onMessage = (bytes, from, to) => resolve(unpack(bytes.subarray(from, to)));
  });
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
      lane.socket.flush();
    };
    lane.socket.onMessage = (bytes, from) => {
      const latency = lane.answer(bytes, from);
      if (Number.isNaN(latency) || stopped) return;
      if (measuring) histogram.recordNs(latency);
      lane.request(nowNs());
      if (!armed) {
        armed = true;
        queueMicrotask(flush);
      }
    };
    for (let i = 0; i < inFlight; i++) lane.request(nowNs());
    lane.socket.flush();
  }
  return new Promise((resolve) => {
    setTimeout(() => {
      measuring = true;
      const fromNs = nowNs();
      const errorsBefore = errorsOf(lanes);
      setTimeout(() => {
        stopped = true;
        resolve(answerOf(histogram, nowNs() - fromNs, errorsOf(lanes) - errorsBefore, 0));
      }, task.measureMs);
    }, task.warmupMs);
  });
}

/** Requests at their intended times, whether the ones before have been answered or not. */
async function openLoop(task: LoadTask, lanes: readonly Lane[]): Promise<LoadAnswer> {
  const rate = task.load.kind === 'open' ? task.load.ratePerSecond : 1;
  const histogram = new LatencyHistogram();
  const startNs = nowNs() + 1e6;
  const measureFromNs = startNs + task.warmupMs * 1e6;
  const endNs = measureFromNs + task.measureMs * 1e6;
  const schedule = new OpenLoopSchedule(rate, startNs);
  for (const lane of lanes) {
    lane.socket.onMessage = (bytes, from) => {
      const latency = lane.answer(bytes, from);
      if (Number.isNaN(latency)) return;
      if (nowNs() - latency >= measureFromNs) histogram.recordNs(latency);
    };
  }
  for (let now = nowNs(); now < endNs; now = nowNs()) {
    for (let due = schedule.dueAt(now); due > 0; due--) {
      const lane = lanes[schedule.taken % lanes.length] as Lane;
      lane.request(schedule.take());
    }
    // One write for what is due on a connection: a client that is late must not be late for its writes.
    for (const lane of lanes) lane.socket.flush();
    // Spinning through the event loop: a timer would be late by up to a millisecond.
    await new Promise(setImmediate);
  }
  const waiting = (): number => lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  for (const giveUp = nowNs() + DRAIN_MS * 1e6; waiting() > 0 && nowNs() < giveUp; ) {
    await new Promise(setImmediate);
  }
  return answerOf(histogram, task.measureMs * 1e6, errorsOf(lanes), waiting());
}

function errorsOf(lanes: readonly Lane[]): number {
  return lanes.reduce((sum, lane) => sum + lane.flow.answered.errors, 0);
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
    histogram: histogram.encode(),
  };
}
