import { formatCount, formatPercent, formatRatio } from '../report/table.js';
import type { SettlementReport } from './run-settlement.js';
import { LAG_MS_GOAL, type LagAtRate } from './service-tasks.js';

const RATIO_GOAL = 0.3;
const NETTING_MS_GOAL = 1_000;
const ENTRIES_GOAL = 50;
const RATE_GOAL = 20_000;
const FALL_GOAL = 0.05;

export interface Goal {
  what: string;
  measured: string;
  goal: string;
  /** Null: it is no goal, but belongs to one. */
  isHeld: boolean | null;
}

/** What settlement is held to, with the figures of this run. */
export function goalsOf(measured: Omit<SettlementReport, 'goals'>): Goal[] {
  return [...throughputGoals(measured), ...chainGoals(measured)];
}

function throughputGoals({ way, engine }: Omit<SettlementReport, 'goals'>): Goal[] {
  const toRaw = way.rows.find(({ bus }) => bus === 'NATS')?.toRaw ?? null;
  const { netting } = way;
  const { alonePerSecond, settledPerSecond, falls } = engine;
  const speeds = `${formatCount(alonePerSecond.median)} → ${formatCount(settledPerSecond.median)} commands/s`;
  return [
    {
      what: 'journal → NATS → ledger, to raw packed publish',
      measured: formatRatio(toRaw),
      goal: `≥ ${RATIO_GOAL}x`,
      isHeld: (toRaw ?? 0) >= RATIO_GOAL,
    },
    {
      what: `netting ${formatCount(netting.fills)} fills of ${formatCount(netting.accounts)} accounts`,
      measured: `${Math.round(netting.nettingMs.median)} ms`,
      goal: `≤ ${NETTING_MS_GOAL} ms`,
      isHeld: netting.nettingMs.median <= NETTING_MS_GOAL,
    },
    {
      what: `engine slower with settlement (${speeds})`,
      measured: formatPercent(falls),
      goal: `< ${formatPercent(FALL_GOAL)}`,
      isHeld: falls < FALL_GOAL,
    },
  ];
}

function chainGoals({ entries, lag }: Omit<SettlementReport, 'goals'>): Goal[] {
  const inOne = entries[0]?.entries ?? 0;
  const p99Ms = lag.rates.find(({ fillsPerSecond }) => fillsPerSecond === RATE_GOAL)?.p99Ms;
  const held = heldRate(lag.rates);
  return [
    {
      what: 'entries in one transaction',
      measured: String(inOne),
      goal: `≥ ${ENTRIES_GOAL}`,
      isHeld: inOne >= ENTRIES_GOAL,
    },
    {
      what: `lag p99 at ${formatCount(RATE_GOAL)} fills/s`,
      measured: `${Math.round(p99Ms ?? Number.NaN)} ms`,
      goal: `≤ ${LAG_MS_GOAL} ms`,
      isHeld: (p99Ms ?? Number.NaN) <= LAG_MS_GOAL,
    },
    {
      what: 'highest rate with that lag',
      measured: held === null ? 'none' : `${formatCount(held)}/s`,
      goal: '',
      isHeld: null,
    },
  ];
}

/** Null: not even the slowest. */
function heldRate(rates: readonly LagAtRate[]): number | null {
  return rates.find(({ p99Ms }) => p99Ms <= LAG_MS_GOAL)?.fillsPerSecond ?? null;
}
