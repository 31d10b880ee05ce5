import { describe, expect, it } from 'vitest';
import { codecKernels } from './codec-kernels.js';
import { engineKernels } from './engine-kernels.js';
import type { Kernel } from './kernel.js';
import { sbeKernels } from './sbe-kernels.js';

describe('the kernels', () => {
  it('do the same work in every run', () => {
    const kernels = [...engineKernels(), ...codecKernels(), ...sbeKernels()];
    expect(new Set(kernels.map((kernel) => kernel.name)).size).toBe(kernels.length);
    for (const kernel of kernels) {
      const first = kernel.run();
      expect(Number.isFinite(first), kernel.name).toBe(true);
      expect(kernel.run(), kernel.name).toBe(first);
      expect(kernel.operations).toBeGreaterThan(0);
    }
  });

  it('takes an SBE order without a byte of heap', () => {
    const [sbe, msgpack] = sbeKernels();
    const grownBytes = (kernel: Kernel | undefined): number => {
      for (let i = 0; i < 50; i++) kernel?.run();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < 50; i++) kernel?.run();
      return process.memoryUsage().heapUsed - before;
    };
    // 50,000 orders; what a run itself allocates is far below a byte each.
    expect(grownBytes(sbe)).toBeLessThan(50_000);
    expect(Math.abs(grownBytes(msgpack))).toBeGreaterThan(50_000);
  });
});
