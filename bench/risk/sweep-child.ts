/** The process that sweeps accounts, over the product's memory and over plain arrays, and ends. */
import { createShardCore, riskKernelModule } from '../../main/compose.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { SweepHere } from '../../risk/runtime/sweep-here.js';
import { SweepPool } from '../../risk/runtime/sweep-pool.js';
import { BareLoop } from './bare-loop.js';
import { cpuUs, type MarginCheckFigures, measureMarginCheck } from './margin-check.js';
import { populate } from './population.js';

export interface SweepTask {
  accounts: number;
  passes: number;
  threads: number;
}

export interface SweepFigures {
  /** Milliseconds of each pass over all accounts: the bare loop, the kernel in one thread, the kernel in all threads. */
  bareMs: number[];
  hereMs: number[];
  poolMs: number[];
  /** The same in time of processors, of all threads together. */
  bareCpuMs: number[];
  hereCpuMs: number[];
  poolCpuMs: number[];
  positions: number;
  memoryBytes: number;
  marginCheck: MarginCheckFigures;
  error?: string;
}

const SEED = 7;
/** Until everything is copied, in this thread by and by. */
const WARM_UP = 20;

process.once('message', (message) => {
  void run(message as SweepTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((figures) => process.send?.(figures, () => process.exit(0)));
});

async function run({ accounts, passes, threads }: SweepTask): Promise<SweepFigures> {
  const core = createShardCore();
  populate(core, accounts, SEED);
  const { kernel } = (core.home as MarginActor).state;
  const bare = new BareLoop(accounts, SEED);
  let heard = () => {};
  const pool = new SweepPool({
    kernel,
    module: riskKernelModule(),
    threads,
    onWork: () => heard(),
    onFailure: (error) => {
      throw error;
    },
  });
  const here = new SweepHere(kernel, () => {});
  const sweepHere = () => {
    const found: number[] = [];
    here.begin(accounts);
    while (!here.poll(found));
    return found.length;
  };
  const sweepInPool = async () => {
    const found: number[] = [];
    pool.begin(accounts);
    while (!pool.poll(found)) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return found.length;
  };
  const figures: SweepFigures = {
    bareMs: [],
    hereMs: [],
    poolMs: [],
    bareCpuMs: [],
    hereCpuMs: [],
    poolCpuMs: [],
    positions: bare.positions,
    memoryBytes: core.kernel.bytes,
    marginCheck: measureMarginCheck(core, accounts),
  };
  for (let pass = -WARM_UP; pass < passes; pass++) {
    const bareTime = await timed(async () => bare.run());
    let own = 0;
    const hereTime = await timed(async () => {
      own = sweepHere();
    });
    let there = 0;
    const poolTime = await timed(async () => {
      there = await sweepInPool();
    });
    if (own !== there) throw new Error(`${there} accounts found by threads, ${own} by one`);
    if (pass < 0) continue;
    figures.bareMs.push(bareTime.ms);
    figures.hereMs.push(hereTime.ms);
    figures.poolMs.push(poolTime.ms);
    figures.bareCpuMs.push(bareTime.cpuMs);
    figures.hereCpuMs.push(hereTime.cpuMs);
    figures.poolCpuMs.push(poolTime.cpuMs);
  }
  await pool.close();
  return figures;
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number; cpuMs: number }> {
  const startMs = performance.now();
  const startUs = cpuUs();
  await work();
  return { ms: performance.now() - startMs, cpuMs: (cpuUs() - startUs) / 1e3 };
}
