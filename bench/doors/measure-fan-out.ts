import type { LoadAnswer, LoadTask, Login } from '../gateway/load-task.js';
import { runLoad } from '../gateway/run-load.js';
import { LADDERS, type Target } from '../gateway/target.js';
import { LatencyHistogram, type LatencySummary } from '../load/latency-histogram.js';
import { say } from '../output.js';
import { medianOf } from '../report/statistics.js';
import { formatCount } from '../report/table.js';
import { Crowd } from './crowd.js';
import { MANY } from './measure-load.js';

const DEPTH = 20;
const CROWD_PROCESSES = 2;
export const INTERVAL_MS = 100;
/** Orders a second that move the three books while delays are taken. */
export const MOVING_PER_SECOND = 3_000;
const WARMUP_SHARE = 0.2;
/** In bursts: a client that spins would take a core from those that are measured. */
const STEADY = { kind: 'open', ratePerSecond: MOVING_PER_SECOND, burstMs: 2 } as const;
const FULL = { kind: 'closed', inFlight: MANY.inFlight } as const;

interface Visit {
  steady: LoadAnswer;
  full: LoadAnswer;
}

export interface FanOutFigures {
  subscribers: number;
  markets: number;
  /** Frames that all subscribers together read in a second. */
  framesPerSecond: number;
  /** From the newest change of a frame until it is read, and from the oldest that it can have. */
  newest: LatencySummary;
  oldest: LatencySummary;
  /** At an equal rate: commands that the shard's thread takes in a second of its processor time, without readers and with them. */
  shardAlonePerCpuSecond: number;
  shardReadPerCpuSecond: number;
  /** Medians over the rounds of 1 − with ÷ without. */
  shardFalls: number;
  /** At full speed: what gets through the door in a second. */
  alonePerSecond: number;
  readPerSecond: number;
  doorFalls: number;
}

/** Every subscriber reads the books of all three markets; the shard has a thread of its own. */
export async function measureFanOut(
  target: Target,
  subscribers: number,
  rounds: number,
  windowMs: number,
): Promise<FanOutFigures> {
  const { port } = target;
  const logins = await target.newLogins(MANY.connections);
  const channels = LADDERS.map(({ market }) => `book.${market}.${DEPTH}.${INTERVAL_MS}ms`);
  const crowd = new Crowd(CROWD_PROCESSES);
  const newest = new LatencyHistogram();
  const oldest = new LatencyHistogram();
  const alone: Visit[] = [];
  const read: Visit[] = [];
  let frames = 0;
  let seconds = 0;
  try {
    await crowd.ask({ kind: 'open', port, connections: subscribers, logins: [] });
    for (let round = 1; round <= rounds; round++) {
      await crowd.ask({ kind: 'unsubscribe', channels });
      alone.push({
        steady: await runLoad(taskOf(target, logins, STEADY, windowMs)),
        full: await runLoad(taskOf(target, logins, FULL, windowMs)),
      });
      await crowd.ask({ kind: 'subscribe', channels });
      // Before, the frame of a change may follow one that is as old as the pause.
      let begun: Promise<unknown> = Promise.resolve();
      const begin = () => {
        begun = crowd.ask({ kind: 'begin' });
      };
      const task = taskOf(target, logins, STEADY, windowMs);
      const steady = await runLoad(task, begin);
      await begun;
      const answer = await crowd.ask({ kind: 'end' });
      seconds += task.measureMs / 1_000;
      read.push({ steady, full: await runLoad(taskOf(target, logins, FULL, windowMs)) });
      frames += answer.frames;
      newest.addEncoded(answer.newest);
      oldest.addEncoded(answer.oldest);
      say(`fan-out, round ${round} of ${rounds}: ${formatCount(answer.frames)} frames`);
    }
  } finally {
    await crowd.close();
  }
  return {
    subscribers,
    markets: channels.length,
    framesPerSecond: frames / seconds,
    newest: newest.summary(),
    oldest: oldest.summary(),
    ...fallsOf(alone, read),
  };
}

function taskOf(
  target: Target,
  logins: Login[],
  load: LoadTask['load'],
  windowMs: number,
): LoadTask {
  const { port, server } = target;
  return {
    wire: 'msgpack',
    port,
    serverPid: server.pid,
    logins,
    ladders: [...LADDERS],
    connections: MANY.connections,
    warmupMs: windowMs * WARMUP_SHARE,
    measureMs: windowMs * (1 - WARMUP_SHARE),
    load,
  };
}

function fallsOf(alone: readonly Visit[], read: readonly Visit[]) {
  const falls = (of: (visit: Visit) => number) => {
    return medianOf(alone.map((visit, round) => 1 - of(read[round] as Visit) / of(visit)));
  };
  const perSecond = ({ full }: Visit) => full.messagesPerSecond;
  return {
    shardAlonePerCpuSecond: medianOf(alone.map(perShardSecond)),
    shardReadPerCpuSecond: medianOf(read.map(perShardSecond)),
    shardFalls: falls(perShardSecond),
    alonePerSecond: medianOf(alone.map(perSecond)),
    readPerSecond: medianOf(read.map(perSecond)),
    doorFalls: falls(perSecond),
  };
}

/** The busiest thread but the main one is the shard's. */
function perShardSecond({ steady: { messages, serverCpuUs } }: Visit): number {
  return messages / ((serverCpuUs[1] ?? Number.NaN) / 1e6);
}
