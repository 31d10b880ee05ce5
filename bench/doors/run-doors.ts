import os from 'node:os';
import { startEcho, startExchange, startTcpEcho, type Target } from '../gateway/target.js';
import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { type Conditions, conditionsNow } from '../report/conditions.js';
import { type Goal, goalsOf } from './doors-goals.js';
import { type CodecFigures, measureCodec } from './measure-codec.js';
import { type FanOutFigures, measureFanOut } from './measure-fan-out.js';
import { type DoorFigures, measureLoad, type Pair } from './measure-load.js';
import {
  type AllocationFigures,
  type IdleFigures,
  measureAllocations,
  measureIdle,
} from './measure-memory.js';
import { PROBE_OPTIONS } from './probed-server.js';

export interface DoorsReport {
  bench: 'doors';
  conditions: Conditions;
  loadAfter: number;
  seconds: number;
  goals: Goal[];
  doors: DoorFigures[];
  allocations: AllocationFigures[];
  idle: IdleFigures;
  fanOut: FanOutFigures;
  codec: CodecFigures;
}

const CROWD = 5_000;
/** Shares of the seconds: of the load at the doors, in windows of an echo or a door with one or many connections; and of the fan-out. */
const LOAD_SHARE = 0.6;
const FAN_OUT_SHARE = 0.3;
const ALLOCATION_SHARE = 0.1;
const WINDOWS_A_PAIR = 4;
/** At an equal rate and at full speed, without readers and with them. */
const FAN_OUT_WINDOWS = 4;
const CODEC_SAMPLES = 15;

/** All doors against their goals. */
export async function runDoorsBench(options: BenchOptions): Promise<DoorsReport> {
  const { rounds, seconds } = options;
  const conditions = conditionsNow(rounds);
  const totalMs = seconds * 1_000;
  const { doors, allocations, idle } = await measureInline(rounds, totalMs);
  const fanOut = await measureCompact(rounds, totalMs);
  const codec = measureCodec(CODEC_SAMPLES);
  const goals = goalsOf({ doors, fanOut, codec, idle });
  const loadAfter = Math.round((os.loadavg()[0] ?? 0) * 100) / 100;
  const figures = { goals, doors, allocations, idle, fanOut, codec };
  return { bench: 'doors', conditions, loadAfter, seconds, ...figures };
}

/** Servers that nobody asks anything have next to nothing to do, so all run side by side and windows can take turns. */
async function measureInline(rounds: number, totalMs: number) {
  const open: Target[] = [];
  const keep = (target: Target) => {
    open.push(target);
    return target;
  };
  try {
    const echo = keep(await startEcho());
    const tcpEcho = keep(await startTcpEcho());
    const exchange = { layout: 'inline', hasFollowers: false, nodeOptions: PROBE_OPTIONS } as const;
    const door = keep(await startExchange(exchange));
    say('idle connections');
    // First: memory that a load has left behind would be used again.
    const idle = await measureIdle(door, CROWD);
    const pairs: Pair[] = [
      { wire: 'msgpack', echo, door, port: door.port },
      { wire: 'sbe', echo: tcpEcho, door, port: door.fixpPort },
      { wire: 'binance', echo, door, port: door.port },
    ];
    const windowMs = (totalMs * LOAD_SHARE) / (rounds * pairs.length * WINDOWS_A_PAIR);
    const doors = await measureLoad(pairs, rounds, windowMs);
    const allocations: AllocationFigures[] = [];
    for (const { wire, port } of pairs) {
      const windowMs = (totalMs * ALLOCATION_SHARE) / (2 * pairs.length);
      allocations.push(await measureAllocations(wire, door, port, windowMs));
    }
    return { doors, allocations, idle };
  } finally {
    for (const target of open) await target.stop();
  }
}

async function measureCompact(rounds: number, totalMs: number): Promise<FanOutFigures> {
  say('fan-out');
  const exchange = await startExchange({ layout: 'compact', hasFollowers: false });
  try {
    const windowMs = (totalMs * FAN_OUT_SHARE) / (rounds * FAN_OUT_WINDOWS);
    return await measureFanOut(exchange, CROWD, rounds, windowMs);
  } finally {
    await exchange.stop();
  }
}
