import { Bench } from 'tinybench';
import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { type Conditions, conditionsNow, formatConditions } from '../report/conditions.js';
import { spreadOf } from '../report/statistics.js';
import { formatTable } from '../report/table.js';
import { codecKernels } from './codec-kernels.js';
import { engineKernels } from './engine-kernels.js';
import type { Kernel } from './kernel.js';
import { sbeKernels } from './sbe-kernels.js';

export interface KernelReport {
  kernel: string;
  /** Nanoseconds an operation: median over the rounds of each round's median, and their ends. */
  nsMedian: number;
  nsMin: number;
  nsMax: number;
}

export interface KernelsReport {
  bench: 'kernels';
  conditions: Conditions;
  kernels: KernelReport[];
}

const TIME_MS = 300;
const WARMUP_MS = 100;

export async function runKernelBench(options: BenchOptions): Promise<KernelsReport> {
  const conditions = conditionsNow(options.rounds);
  const kernels = [...engineKernels(), ...codecKernels(), ...sbeKernels()];
  const rounds = new Map<Kernel, number[]>(kernels.map((kernel) => [kernel, []]));
  let sink = 0;
  for (let round = 1; round <= options.rounds; round++) {
    say(`round ${round} of ${options.rounds}`);
    const bench = new Bench({ time: TIME_MS, warmupTime: WARMUP_MS });
    for (const kernel of kernels) {
      bench.add(kernel.name, () => {
        sink += kernel.run();
      });
    }
    await bench.run();
    for (const kernel of kernels) {
      const result = bench.getTask(kernel.name)?.result;
      if (result === undefined || !('latency' in result)) {
        throw new Error(`${kernel.name} could not be measured`);
      }
      rounds.get(kernel)?.push((result.latency.p50 * 1e6) / kernel.operations);
    }
  }
  if (Number.isNaN(sink)) throw new Error('a kernel gave no number');
  return { bench: 'kernels', conditions, kernels: kernels.map((kernel) => report(kernel, rounds)) };
}

export function formatKernelsReport(report: KernelsReport): string {
  const rows = report.kernels.map(({ kernel, nsMedian, nsMin, nsMax }) =>
    [kernel].concat([nsMedian, nsMin, nsMax].map((ns) => ns.toFixed(1))),
  );
  const table = formatTable(['kernel', 'ns/op', 'min', 'max'], rows);
  return `${formatConditions(report.conditions)}\n\n${table}`;
}

function report(kernel: Kernel, rounds: ReadonlyMap<Kernel, readonly number[]>): KernelReport {
  const { median, min, max } = spreadOf(rounds.get(kernel) ?? []);
  return { kernel: kernel.name, nsMedian: median, nsMin: min, nsMax: max };
}
