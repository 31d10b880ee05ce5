import { isDeepStrictEqual } from 'node:util';
import { medianOf } from '../report/statistics.js';
import type { Workload, WorkloadResult } from '../workload/format.js';
import type { BenchEngine } from './engine.js';
import { collectGarbage, GarbageWatch } from './garbage.js';

export interface SpeedFigures {
  ops: number;
  /** Medians over the passes that are not warm-up. */
  opsPerSecond: number;
  opsPerCpuSecond: number;
  gcShare: number;
  result: WorkloadResult;
}

export interface Passes {
  count: number;
  /** Passes at the beginning that do not count: the compiler is at work. */
  warmup: number;
}

/**
 * Several passes over the same records, each with a new engine; prefill is not timed. CPU time is that of
 * the whole process, so the compiler's and the collector's threads are on our bill.
 */
export async function measureSpeed(
  open: () => BenchEngine,
  workload: Workload,
  ops: number,
  passes: Passes,
): Promise<SpeedFigures> {
  const garbage = new GarbageWatch();
  const perSecond: number[] = [];
  const perCpuSecond: number[] = [];
  let result: WorkloadResult | null = null;
  for (let pass = 0; pass < passes.count; pass++) {
    const engine = open();
    engine.run(0, workload.prefillCount);
    collectGarbage();
    const cpuFrom = process.cpuUsage();
    const fromMs = performance.now();
    engine.run(workload.prefillCount, workload.prefillCount + ops);
    const toMs = performance.now();
    const cpu = process.cpuUsage(cpuFrom);
    if (pass >= passes.warmup) {
      garbage.measured(fromMs, toMs);
      perSecond.push(ops / ((toMs - fromMs) / 1e3));
      perCpuSecond.push(ops / ((cpu.user + cpu.system) / 1e6));
    }
    result = sameResult(result, engine.result());
  }
  return {
    ops,
    opsPerSecond: Math.round(medianOf(perSecond)),
    opsPerCpuSecond: Math.round(medianOf(perCpuSecond)),
    gcShare: await garbage.share(),
    result: result as WorkloadResult,
  };
}

function sameResult(before: WorkloadResult | null, now: WorkloadResult): WorkloadResult {
  if (before !== null && !isDeepStrictEqual(before, now)) {
    throw new Error('two passes over the same commands gave different results');
  }
  return now;
}
