/** The process that sweeps accounts, over the product's memory and over plain arrays, and ends. */
import { createShardCore, riskKernelModule } from '../../main/compose.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { accountsBelow } from '../../risk/runtime/sweep-here.js';
import { SweepPool } from '../../risk/runtime/sweep-pool.js';
import { BareLoop } from './bare-loop.js';
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
  positions: number;
  memoryBytes: number;
  error?: string;
}

const SEED = 7;
const WARM_UP = 3;

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
    positions: bare.positions,
    memoryBytes: core.kernel.bytes,
  };
  for (let pass = -WARM_UP; pass < passes; pass++) {
    const startMs = performance.now();
    bare.run();
    const bareMs = performance.now();
    const here = accountsBelow(kernel, 1, accounts + 1).length;
    const hereMs = performance.now();
    const there = await sweepInPool();
    const poolMs = performance.now();
    if (here !== there) throw new Error(`${there} accounts found by threads, ${here} by one`);
    if (pass < 0) continue;
    figures.bareMs.push(bareMs - startMs);
    figures.hereMs.push(hereMs - bareMs);
    figures.poolMs.push(poolMs - hereMs);
  }
  await pool.close();
  return figures;
}
