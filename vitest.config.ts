import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

// Hundreds of commands, workers and ranks start from the sources: Node strips the types of a file once, and not in each of them.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '.cache/node-compile');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These have a command of their own: npm run test:slurm.
    exclude: [...configDefaults.exclude, 'test/slurm/**'],
    globalSetup: ['test/support/python-forks.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
