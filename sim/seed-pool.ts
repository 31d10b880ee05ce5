import os from 'node:os';
import { Piscina } from 'piscina';
import type { SeedOptions } from './run-seed.js';
import seedOutcome, { type SeedOutcome } from './seed-outcome.js';

/** Seeds that are with the pool at a time, for each of its threads: it does not take what waits in order, and whoever looks on wants to see the next. */
const AHEAD = 4;

/** One seed runs here, where a debugger finds it; several run in threads side by side. Outcomes come in the order of the seeds. */
export async function* outcomesOf(
  seeds: readonly SeedOptions[],
): AsyncGenerator<[SeedOptions, SeedOutcome]> {
  const [only] = seeds;
  if (only !== undefined && seeds.length === 1) {
    yield [only, await seedOutcome(only)];
    return;
  }
  const threads = Math.min(os.availableParallelism(), seeds.length);
  const pool = new Piscina({
    filename: new URL('./seed-outcome.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    recordTiming: false,
  });
  try {
    const running: Promise<SeedOutcome>[] = [];
    for (const [i, options] of seeds.entries()) {
      while (running.length < Math.min(seeds.length, i + threads * AHEAD)) {
        const outcome: Promise<SeedOutcome> = pool.run(seeds[running.length]);
        // Whoever waits for an earlier one is told when its turn comes.
        outcome.catch(() => {});
        running.push(outcome);
      }
      yield [options, await (running[i] as Promise<SeedOutcome>)];
    }
  } finally {
    await pool.destroy();
  }
}
