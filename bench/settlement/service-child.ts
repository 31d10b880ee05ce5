/** A shard with a whole settlement behind it, in processes of their own, and the load on it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openInlineShard } from '../../main/exchange/inline-shard.js';
import { say } from '../output.js';
import { openScratchShard } from '../shard/scratch-shard.js';
import { ShardDriver } from '../shard/shard-driver.js';
import { readWorkload } from '../workload/format.js';
import { lagsOf } from './lag-report.js';
import { COMMANDS_A_FILL, pairsWorkload } from './pairs-workload.js';
import { RunningSettlement } from './running-settlement.js';
import {
  LAG_MS_GOAL,
  type LagAtRate,
  type ServiceAnswer,
  type ServiceTask,
} from './service-tasks.js';

/** Load at each rate that does not count yet. */
const WARM_UP_SECONDS = 3;
const BURST_MS = 4;
const DRAIN_WITHIN_MS = 300_000;

type Task<Kind extends ServiceTask['kind']> = Extract<ServiceTask, { kind: Kind }>;

process.once('message', (message) => {
  void run(message as ServiceTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});

async function run(task: ServiceTask): Promise<ServiceAnswer> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-settlement-'));
  try {
    return task.kind === 'lag'
      ? await measureLag(task, dataDir)
      : await measureEngine(task, dataDir);
  } finally {
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureLag(task: Task<'lag'>, dataDir: string): Promise<ServiceAnswer> {
  const { accounts, rates, seconds, bus } = task;
  const fillsAt = (rate: number) => rate * (seconds + WARM_UP_SECONDS);
  const workload = pairsWorkload(rates.reduce((sum, rate) => sum + fillsAt(rate), 0));
  const { shard, close } = await openScratchShard(openInlineShard, { dataDir });
  const driver = new ShardDriver(shard.gatewayPort, workload, accounts);
  await driver.setUp(shard, accounts);
  const begunMs = performance.now();
  const settlement = await RunningSettlement.start(dataDir, shard, bus);
  const setUpMs = performance.now() - begunMs;
  const lags: LagAtRate[] = [];
  try {
    let done = 0;
    for (const rate of rates) {
      const lag = await measureRate(driver, settlement, dataDir, done, rate, seconds);
      lags.push(lag);
      done += fillsAt(rate);
      say(`settlement: ${rate} fills/s, lag p99 ${lag.p99Ms} ms`);
      if (lag.p99Ms <= LAG_MS_GOAL) break;
    }
    const { sentence, windowMs, entriesMax } = settlement;
    const { trades } = driver.tally;
    return { perSecond: 0, trades, lags, sentence, windowMs, entriesMax, setUpMs };
  } finally {
    await settlement.stop();
    await close();
  }
}

/** `done`: fills before. */
async function measureRate(
  driver: ShardDriver,
  settlement: RunningSettlement,
  dataDir: string,
  done: number,
  rate: number,
  seconds: number,
): Promise<LagAtRate> {
  const commands = (fills: number) => fills * COMMANDS_A_FILL;
  const perSecond = commands(rate);
  const first = done + rate * WARM_UP_SECONDS;
  const last = first + rate * seconds;
  await feed(driver, commands(done), commands(first), perSecond);
  const cpuBefore = settlement.cpuMs();
  const startMs = performance.now();
  await feed(driver, commands(first), commands(last), perSecond);
  const fedMs = performance.now() - startMs;
  const cpuAfter = settlement.cpuMs();
  await settlement.caughtUp(DRAIN_WITHIN_MS);
  const drainMs = performance.now() - startMs - fedMs;
  const cores = Object.entries(cpuAfter).map(([name, ms]) => {
    const before = cpuBefore[name] ?? null;
    return [name, ms === null || before === null ? null : (ms - before) / fedMs];
  });
  return {
    fillsPerSecond: rate,
    fedPerSecond: ((last - first) * 1_000) / fedMs,
    fills: last - first,
    ...lagsOf(dataDir, first + 1, last),
    cores: Object.fromEntries(cores),
    drainMs,
  };
}

/** At a constant rate, in small bursts: waiting for the next one must not cost the core that the settlement could have. */
async function feed(
  driver: ShardDriver,
  from: number,
  to: number,
  perSecond: number,
): Promise<void> {
  const startMs = performance.now();
  for (let next = from; next < to; ) {
    const due = Math.min(
      to,
      from + Math.floor(((performance.now() - startMs) * perSecond) / 1_000),
    );
    if (due > next) await driver.fullSpeed(next, due);
    next = Math.max(next, due);
    await sleep(BURST_MS);
  }
}

/** The first quarter lets the compiler learn. */
async function measureEngine(task: Task<'engine'>, dataDir: string): Promise<ServiceAnswer> {
  const { accounts, file, ops, bus } = task;
  const workload = readWorkload(file);
  const { prefillCount } = workload;
  const { shard, close } = await openScratchShard(openInlineShard, { dataDir });
  const driver = new ShardDriver(shard.gatewayPort, workload, accounts);
  await driver.setUp(shard, accounts);
  const begunMs = performance.now();
  const settlement = bus === null ? null : await RunningSettlement.start(dataDir, shard, bus);
  const setUpMs = performance.now() - begunMs;
  const warmed = prefillCount + Math.floor(ops / 4);
  await driver.fullSpeed(0, warmed);
  const elapsedNs = await driver.fullSpeed(warmed, prefillCount + ops);
  const perSecond = (prefillCount + ops - warmed) / (elapsedNs / 1e9);
  const { sentence = '', windowMs = 0, entriesMax = 0 } = settlement ?? {};
  await settlement?.stop();
  await close();
  const { trades } = driver.tally;
  return { perSecond, trades, lags: [], sentence, windowMs, entriesMax, setUpMs };
}
