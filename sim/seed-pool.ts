import os from 'node:os';
import { Piscina } from 'piscina';
import type { SeedOptions } from './run-seed.js';
import seedOutcome, { type SeedOutcome } from './seed-outcome.js';

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
    const running = seeds.map((options) => {
      const outcome: Promise<SeedOutcome> = pool.run(options);
      // Whoever waits for an earlier one is told when its turn comes.
      outcome.catch(() => {});
      return { options, outcome };
    });
    for (const { options, outcome } of running) yield [options, await outcome];
  } finally {
    await pool.destroy();
  }
}
