// One Slurm for all test files of `npm run test:slurm`. Tests that stop a daemon start a cluster of their own.
import type { TestProject } from 'vitest/node';
import { startSlurm } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** SLURM_CONF of the cluster that the test files share: `inject('slurmConf')`. */
    slurmConf: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startSlurm();
  project.provide('slurmConf', cluster.conf);
  return () => cluster.stop();
}
