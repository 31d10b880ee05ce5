import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { type Conditions, conditionsNow } from '../report/conditions.js';
import { medianOf, type Spread, spreadOf } from '../report/statistics.js';
import { runFork } from '../run-fork.js';
import { prepareWorkload } from '../workload/prepared.js';
import type { EntriesAnswer, EntriesRow, EntriesTask } from './entries-child.js';
import { measureWay, type WayReport } from './measure-way.js';
import type { LagAtRate, ServiceAnswer, ServiceTask } from './service-tasks.js';
import { type Goal, goalsOf } from './settlement-goals.js';

export interface LagReport {
  accounts: number;
  seconds: number;
  bus: string;
  windowMs: number;
  entriesMax: number;
  /** Until everything was on chain that had happened before: markets, rows, money of the accounts. */
  setUpMs: number;
  /** Falling rates; the last one holds when any does. */
  rates: LagAtRate[];
}

export interface EngineReport {
  accounts: number;
  alonePerSecond: Spread;
  settledPerSecond: Spread;
  /** Median over the rounds of 1 − with ÷ without. */
  falls: number;
}

export interface SettlementReport {
  bench: 'settlement';
  conditions: Conditions;
  /** Runnable processes at the end: what was measured has its own part in it. */
  loadAfter: number;
  policy: string;
  goals: Goal[];
  way: WayReport;
  entries: EntriesRow[];
  lag: LagReport;
  engine: EngineReport;
}

/** Of the journal between outbox and ledger, and of the netting. */
const FILLS_MAX = 1_000_000;
const NETTED_ACCOUNTS = 10_000;
const RAW_PACKS = 20_000;
const RATES = [20_000, 15_000, 10_000, 5_000, 2_500, 1_000];
const LAG_SECONDS = 20;
const LAG_SECONDS_MIN = 2;
const STAGED_ENTRIES = 2_000;
/** Money on chain for each of them takes longer than all else, and trading needs no more. */
const ENGINE_ACCOUNTS_MAX = 50;
const FULL_OPS = 3_000_000;
const SPEED_MIX = 1;
/** Settlement works in windows of a second: the engine has to run for some of them. */
const ENGINE_OPS_SHARE = 2;

const POLICY =
  'journal synced in groups (batch), embedded log and ledger synced before they confirm, embedded chain synced before it answers; ' +
  'NATS with its own defaults, file storage';

/** Everything behind trading, from the journal to the chain. With fewer `ops` than usual all parts are shorter. */
export async function runSettlementBench(options: BenchOptions): Promise<SettlementReport> {
  const { rounds, ops, accounts } = options;
  const conditions = conditionsNow(rounds);
  const share = Math.min(1, ops / FULL_OPS);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-way-'));
  try {
    const way = await measureWay({
      folder,
      rounds,
      fills: Math.round(FILLS_MAX * share),
      accounts: NETTED_ACCOUNTS,
      rawPacks: Math.ceil(RAW_PACKS * share),
    });
    say('settlement: entries of a batch');
    const stagedEntries = Math.max(100, Math.round(STAGED_ENTRIES * share));
    const { rows } = await fork<EntriesTask, EntriesAnswer>('entries', { stagedEntries });
    const seconds = Math.max(LAG_SECONDS_MIN, Math.round(LAG_SECONDS * share));
    const lag = await measureLag(accounts, seconds);
    const engine = await measureEngine(options);
    const loadAfter = Math.round((os.loadavg()[0] ?? 0) * 100) / 100;
    const under = { bench: 'settlement', conditions, loadAfter, policy: POLICY } as const;
    const measured = { ...under, way, entries: rows, lag, engine };
    return { ...measured, goals: goalsOf(measured) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLag(accounts: number, seconds: number): Promise<LagReport> {
  say(`settlement: putting ${accounts} accounts with their money on chain`);
  const task = { kind: 'lag', accounts, rates: RATES, seconds, bus: 'auto' } as const;
  const answer = await service(task);
  const { sentence, windowMs, entriesMax, setUpMs, lags } = answer;
  return { accounts, seconds, bus: sentence, windowMs, entriesMax, setUpMs, rates: lags };
}

/** With and without take turns in who comes first, so that a machine that gets busier favours neither. */
async function measureEngine(options: BenchOptions): Promise<EngineReport> {
  const ops = options.ops * ENGINE_OPS_SHARE;
  // More rounds than elsewhere, because a few percent are at stake, and an odd number, for the median.
  const rounds = options.rounds * 2 - 1;
  const { file, expected } = prepareWorkload(SPEED_MIX, ops);
  const accounts = Math.min(options.accounts, ENGINE_ACCOUNTS_MAX);
  const base = { kind: 'engine', accounts, file, ops } as const;
  const alone: number[] = [];
  const settled: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? [false, true] : [true, false];
    for (const hasSettlement of order) {
      const answer = await service({ ...base, bus: hasSettlement ? 'auto' : null });
      const { perSecond, trades } = answer;
      if (trades !== expected.trades) {
        throw new Error(`the engine made ${trades} trades instead of ${expected.trades}`);
      }
      (hasSettlement ? settled : alone).push(perSecond);
      const what = hasSettlement ? 'with settlement' : 'alone';
      say(`settlement: round ${round} of ${rounds}, engine ${what} ${Math.round(perSecond)}/s`);
    }
  }
  return {
    accounts,
    alonePerSecond: spreadOf(alone),
    settledPerSecond: spreadOf(settled),
    falls: medianOf(settled.map((rate, n) => 1 - rate / (alone[n] as number))),
  };
}

function service(task: ServiceTask): Promise<ServiceAnswer> {
  return fork<ServiceTask, ServiceAnswer>('service', task);
}

function fork<Task extends object, Answer extends { error?: string }>(
  name: 'entries' | 'service',
  task: Task,
): Promise<Answer> {
  return runFork<Answer>(MODULES[name], task);
}

const MODULES = {
  entries: new URL('./entries-child.js', import.meta.url),
  service: new URL('./service-child.js', import.meta.url),
};
