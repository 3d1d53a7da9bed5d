// Slurm's programs, for tests.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs one of Slurm's programs against a cluster and gives its standard output. The shared one: `callSlurm(inject('slurmConf'), ...)`. */
export async function callSlurm(conf: string, program: string, ...args: string[]): Promise<string> {
  const environment = { ...process.env, SLURM_CONF: conf };
  return (await promisify(execFile)(program, args, { env: environment, timeout: 60_000 })).stdout.trim();
}
