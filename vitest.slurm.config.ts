// Tests on a real Slurm: npm run test:slurm.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/slurm/**/*.test.ts'],
    globalSetup: ['test/slurm/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 3,
    // They wait for schedulers and heartbeats most of the time.
    maxConcurrency: 20,
    testTimeout: 170_000,
    hookTimeout: 120_000,
  },
});
