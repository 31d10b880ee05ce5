import { describe, expect, it } from 'vitest';
import { codecKernels } from './codec-kernels.js';
import { engineKernels } from './engine-kernels.js';

describe('the kernels', () => {
  it('do the same work in every run', () => {
    const kernels = [...engineKernels(), ...codecKernels()];
    expect(new Set(kernels.map((kernel) => kernel.name)).size).toBe(kernels.length);
    for (const kernel of kernels) {
      const first = kernel.run();
      expect(Number.isFinite(first), kernel.name).toBe(true);
      expect(kernel.run(), kernel.name).toBe(first);
      expect(kernel.operations).toBeGreaterThan(0);
    }
  });
});
