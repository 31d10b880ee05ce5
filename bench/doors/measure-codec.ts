import type { Kernel } from '../kernels/kernel.js';
import { sbeKernels } from '../kernels/sbe-kernels.js';
import { medianOf } from '../report/statistics.js';

const SAMPLE_MS = 50;
const WARMUP_SAMPLES = 6;
const ALLOCATION_RUNS = 50;
const ALLOCATION_ROUNDS_MAX = 200;

export interface CodecFigures {
  /** An order written and read again, in ns. */
  sbeNs: number;
  msgpackNs: number;
  /** Median of the ratios of neighbouring samples: how many times faster SBE is. */
  faster: number;
  /** Bytes of heap that an SBE order takes once the compiler is through with it. */
  sbeBytes: number;
}

/** In this process, SBE and msgpackr's positional arrays by turns. */
export function measureCodec(samples: number): CodecFigures {
  const [sbe, msgpack] = sbeKernels() as [Kernel, Kernel];
  const sbeBytes = allocatedBytes(sbe);
  const sbeNs: number[] = [];
  const msgpackNs: number[] = [];
  for (let i = -WARMUP_SAMPLES; i < samples; i++) {
    const one = nsOf(sbe);
    const other = nsOf(msgpack);
    if (i < 0) continue;
    sbeNs.push(one);
    msgpackNs.push(other);
  }
  return {
    sbeNs: medianOf(sbeNs),
    msgpackNs: medianOf(msgpackNs),
    faster: medianOf(sbeNs.map((ns, i) => (msgpackNs[i] as number) / ns)),
    sbeBytes,
  };
}

function nsOf(kernel: Kernel): number {
  const beganMs = performance.now();
  let runs = 0;
  let spentMs = 0;
  for (; spentMs < SAMPLE_MS; runs++) {
    kernel.run();
    spentMs = performance.now() - beganMs;
  }
  return (spentMs * 1e6) / (runs * kernel.operations);
}

/** The least that rounds of many orders take: a collection, or a compiler that is not through yet, only adds to a round. */
function allocatedBytes(kernel: Kernel): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ALLOCATION_ROUNDS_MAX; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < ALLOCATION_RUNS; i++) kernel.run();
    const bytes = process.memoryUsage().heapUsed - before;
    if (bytes >= 0) least = Math.min(least, bytes);
  }
  return least / (ALLOCATION_RUNS * kernel.operations);
}
