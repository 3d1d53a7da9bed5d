// Ranks of a world as plain processes: what torchrun and srun leave of themselves in a process is its environment.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { FIXTURE, ITERATION, MAIN } from '../cli/run-cli.ts';

export const REQUEST = [
  `megatron_path=${ITERATION}`,
  `hf_model_id=${FIXTURE}/reference`,
  'max_shard_size=200KB',
  'smoke.enabled=false',
];

/** Short limits: a test waits for them. */
export const IMPATIENT = ['retry.stall=4s', 'retry.heartbeat=3s'];

/** A copy looks as if it were still being saved: the second look comes soon. */
export const QUICK = 'wait.initial_interval=1s';

type Environment = Readonly<Record<string, string>>;

/** As torchrun sets it; `id` tells worlds apart. */
export const torchEnvironment = (rank: number, size: number, id: string): Environment => ({
  RANK: String(rank),
  WORLD_SIZE: String(size),
  MASTER_ADDR: 'localhost',
  MASTER_PORT: '29500',
  TORCHELASTIC_RUN_ID: id,
});

/** As srun sets it. */
export const slurmEnvironment = (rank: number, size: number, id: string): Environment => ({
  SLURM_JOB_ID: id,
  SLURM_STEP_ID: '0',
  SLURM_PROCID: String(rank),
  SLURM_NTASKS: String(size),
  SLURM_STEP_NUM_TASKS: String(size),
});

export interface RankOptions {
  readonly cwd?: string;
  readonly env: Environment;
}

/** One rank: `megatron-to-hf convert`. Ended with the test. */
export function startRank(args: readonly string[], { cwd, env }: RankOptions) {
  const rank = execa(MAIN, ['convert', ...args], {
    node: true,
    reject: false,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, NO_COLOR: '1' },
  });
  onTestFinished(() => void rank.kill('SIGKILL'));
  return rank;
}

export type Rank = ReturnType<typeof startRank>;

export function startRanks(
  size: number,
  args: readonly string[],
  environment: (rank: number) => Environment,
): readonly Rank[] {
  return Array.from({ length: size }, (_, rank) => startRank(args, { env: environment(rank) }));
}

/** How the ranks ended. */
export async function endOf(ranks: readonly Rank[]): Promise<{ code: number | undefined; out: string; err: string }[]> {
  const results = await Promise.all(ranks);
  return results.map(({ exitCode, stdout, stderr }) => ({ code: exitCode, out: stdout, err: stderr }));
}

/** What a rank has printed so far. */
export function collect({ stdout, stderr }: { readonly stdout: Readable; readonly stderr: Readable }): () => string {
  let text = '';
  stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

/** SHA-256 of each file of an export, but for the manifest, which tells of the run. */
export async function digestExport(path: string): Promise<Record<string, string>> {
  const names = (await readdir(path)).filter((name) => name !== 'export_manifest.json').toSorted();
  const entries = names.map(async (name) => [
    name,
    createHash('sha256')
      .update(await readFile(join(path, name)))
      .digest('hex'),
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}
