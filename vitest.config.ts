import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'web/**'],
    // Processes, because tests load native addons and start workers of their own; two, because the
    // smallest machine that runs this suite has two cores and timing tests must not starve.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
