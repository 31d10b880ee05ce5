import { formatCount, formatPercent, formatRatio } from '../report/table.js';
import type { DoorFigures } from './measure-load.js';
import type { DoorsReport } from './run-doors.js';

const P50_GOALS: Record<DoorFigures['wire'], number> = { msgpack: 1.6, sbe: 1.6, binance: 4 };
/** No goal is set for the throughput of the Binance dialect. */
const THROUGHPUT_GOALS = { msgpack: 0.5, sbe: 0.6, binance: null } as const;
const ECHOES = { msgpack: 'WebSocket', sbe: 'TCP', binance: 'WebSocket' } as const;
export const NAMES = {
  msgpack: 'native msgpack',
  sbe: 'SBE over TCP',
  binance: 'ws-fapi',
} as const;
const DELAY_MS_GOAL = 150;
const FALL_GOAL = 0.1;
const CODEC_GOAL = 8;
const IDLE_MIB_GOAL = 150;
/** Less than a bit of heap an order: what the measuring itself takes. */
const NO_BYTES = 0.125;
const US_PER_MS = 1_000;

export interface Goal {
  what: string;
  measured: string;
  goal: string;
  /** Null: it is no goal, but belongs to one. */
  isHeld: boolean | null;
}

type Measured = Pick<DoorsReport, 'doors' | 'fanOut' | 'codec' | 'idle'>;

/** What the doors are held to, with the figures of this run. */
export function goalsOf({ doors, fanOut, codec, idle }: Measured): Goal[] {
  return [
    ...doors.map(latencyGoal),
    ...doors.flatMap(throughputGoals),
    ...fanOutGoals(fanOut),
    {
      what: 'SBE order, written and read, to msgpackr’s positional arrays',
      measured: `${formatRatio(codec.faster)} as fast`,
      goal: `≥ ${CODEC_GOAL}x`,
      isHeld: codec.faster >= CODEC_GOAL,
    },
    {
      what: 'SBE order, heap',
      measured: `${codec.sbeBytes.toFixed(2)} bytes`,
      goal: 'none',
      isHeld: codec.sbeBytes < NO_BYTES,
    },
    {
      what: `${formatCount(idle.connections)} idle connections`,
      measured: `${idle.mib.toFixed(0)} MiB`,
      goal: `≤ ${IDLE_MIB_GOAL} MB`,
      isHeld: idle.mib * 2 ** 20 <= IDLE_MIB_GOAL * 1e6,
    },
  ];
}

function latencyGoal({ wire, p50ToEcho }: DoorFigures): Goal {
  return {
    what: `order to ack p50, ${NAMES[wire]} to ${ECHOES[wire]} echo`,
    measured: formatRatio(p50ToEcho),
    goal: `≤ ${P50_GOALS[wire]}x`,
    isHeld: p50ToEcho <= P50_GOALS[wire],
  };
}

function throughputGoals({ wire, perSecondToEcho, perSecondToEchoByCpu }: DoorFigures): Goal[] {
  const least = THROUGHPUT_GOALS[wire];
  if (least === null) return [];
  return [
    {
      what: `throughput, ${NAMES[wire]} to ${ECHOES[wire]} echo`,
      measured: formatRatio(perSecondToEcho),
      goal: `≥ ${least}x`,
      isHeld: perSecondToEcho >= least,
    },
    {
      what: '  by processor time, a core for each',
      measured: formatRatio(perSecondToEchoByCpu),
      goal: '',
      isHeld: null,
    },
  ];
}

function fanOutGoals(fanOut: DoorsReport['fanOut']): Goal[] {
  const { subscribers, markets, oldest, shardFalls, doorFalls } = fanOut;
  const p99Ms = oldest.p99Us / US_PER_MS;
  return [
    {
      what: `L2 at 100 ms to ${formatCount(subscribers)}, ${markets} markets each: delay p99`,
      measured: `${p99Ms.toFixed(0)} ms`,
      goal: `≤ ${DELAY_MS_GOAL} ms`,
      isHeld: p99Ms <= DELAY_MS_GOAL,
    },
    {
      what: '  shard slower by (commands in a second of its thread)',
      measured: formatPercent(shardFalls),
      goal: `< ${formatPercent(FALL_GOAL)}`,
      isHeld: shardFalls < FALL_GOAL,
    },
    {
      what: '  orders through the door at full speed, less by',
      measured: formatPercent(doorFalls),
      goal: '',
      isHeld: null,
    },
  ];
}
