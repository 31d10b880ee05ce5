import os from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    setupFiles: ['main/testing/compiled-kernels.setup.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'web/**'],
    // Processes, because tests load native addons and start workers of their own. One more than the two cores of the smallest machine that
    // runs this suite: a quarter of their time, tests wait for disks and clocks.
    pool: 'forks',
    maxWorkers: Math.min(8, Math.max(3, os.availableParallelism())),
    // Bounds that catch what hangs; on a machine that others load too, whole simulations take a minute.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A condition that is waited for has the patience of `until`: one second, the default, is less than a busy machine may stand still.
    expect: { poll: { timeout: 30_000 } },
  },
});
