import { describe, expect, it } from 'vitest';
import { codecKernels } from './codec-kernels.js';
import { engineKernels } from './engine-kernels.js';
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

  it('takes an SBE order without a byte of heap, once the compiler is through with it', () => {
    const [sbe] = sbeKernels();
    // 50,000 orders: a number of theirs in the heap would be 800,000 bytes. What collects them shows too.
    const isFlat = (): boolean => {
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < 50; i++) sbe?.run();
      return Math.abs(process.memoryUsage().heapUsed - before) < 100_000;
    };
    let flat = 0;
    for (let round = 0; round < 500 && flat < 5; round++) flat = isFlat() ? flat + 1 : 0;
    expect(flat).toBe(5);
  });
});
