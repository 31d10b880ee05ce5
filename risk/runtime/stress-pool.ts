import { Piscina } from 'piscina';
import type { RiskKernel } from '../margin/risk-kernel.js';
import { noTotals, type StressTotals, sumOfTotals } from '../stress/stress.js';
import type { StressTask } from './stress-worker.js';

/** Accounts that a thread takes at a time. */
const RANGE_ACCOUNTS = 16_384;

/**
 * What moves of all marks would do to accounts 1 to `last`. In a thread that is there for this report alone: it is asked for seldom,
 * and sweeps must not wait for it. One, because Node does not survive that a thread is ended while it loads its modules, and
 * of several one might never get to do anything.
 */
export async function stressInThread(
  kernel: RiskKernel,
  module: WebAssembly.Module | null,
  last: number,
): Promise<StressTotals> {
  if (last === 0) return noTotals();
  const piscina = new Piscina({
    filename: new URL('./stress-worker.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    recordTiming: false,
  });
  try {
    const parts: Promise<StressTotals>[] = [];
    for (let first = 1; first <= last; first += RANGE_ACCOUNTS) {
      const end = Math.min(last + 1, first + RANGE_ACCOUNTS);
      const task: StressTask = { module, memory: kernel.memory, first, end };
      parts.push(piscina.run(task));
    }
    return sumOfTotals(await Promise.all(parts));
  } finally {
    await piscina.close();
  }
}
