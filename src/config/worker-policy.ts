// The operator's configuration: what a worker may do, which programs it has and which queues it serves.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BridgeFile } from '../contract/bridge.ts';
import { CONVERT_QUEUE, ConversionError, PREFLIGHT_QUEUE, SMOKE_QUEUE, toBytes } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { toBridgePolicy } from './bridge-policy.ts';
import { checkConfig } from './check-config.ts';
import { readWithParents } from './inherit.ts';
import { interpolate } from './interpolate.ts';
import { listOptions } from './options.ts';
import { packageConfigFolder } from './package-root.ts';
import { readProfiles, splitProfiles } from './profiles.ts';
import { findProgram } from './programs.ts';

const Command = z.array(z.string().min(1)).min(1);
const Parallel = z.int().min(1).max(1000);

/** The file `worker.yaml`. */
export const WorkerFile = z.strictObject({
  allowed_roots: z
    .array(z.string().startsWith('/', 'must be an absolute path'))
    .min(1)
    .default(['/'])
    .describe('checkpoints, targets and local references must lie below one of these'),
  remote_code: z
    .array(z.string().min(1))
    .default([])
    .describe("repository@commit or sha256:digest whose code may run; ['*'] allows all"),
  torchrun: Command.nullish().describe('torchrun, with leading arguments'),
  python: Command.nullish().describe('Python with transformers, for the smoke generation'),
  launch_prefix: z
    .array(z.string().min(1))
    .default([])
    .describe('put before torchrun: a container runtime, numactl, ...'),
  smoke_memory: z
    .union([z.int().min(1), z.string().regex(/^\d+(\.\d+)?\s*([KMGT]i?B|B)$/, 'must be bytes or a size such as 64GiB')])
    .nullish()
    .describe('memory that a smoke generation may use; default what the machine has'),
  bridge: BridgeFile.prefault({}),
  profiles: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('where ranks may run, by name: see docs/profiles.md; a request names one'),
  queues: z
    .strictObject({
      preflight: z
        .string()
        .min(1)
        .default(PREFLIGHT_QUEUE)
        .describe('task queue of the workflow and its quick activities'),
      convert: z.string().min(1).default(CONVERT_QUEUE).describe('task queue of the conversions'),
      smoke: z.string().min(1).default(SMOKE_QUEUE).describe('task queue of the smoke generations'),
    })
    .prefault({}),
  concurrency: z
    .strictObject({
      preflight: Parallel.default(10).describe('quick activities at the same time'),
      convert: Parallel.default(1).describe('conversions at the same time'),
      smoke: Parallel.default(1).describe('smoke generations at the same time'),
    })
    .prefault({}),
});

type Roles = Readonly<Record<'preflight' | 'convert' | 'smoke', string>>;

export interface WorkerConfig {
  readonly policy: WorkerPolicy;
  readonly worker: {
    readonly queues: Roles;
    readonly concurrency: Readonly<Record<keyof Roles, number>>;
  };
  /** The file it was read from. */
  readonly file: string;
}

/**
 * Reads the worker's configuration: `path`, else `$MEGATRON_TO_HF_WORKER_CONFIG`, else `./config/worker.yaml`, else the package's own.
 * @throws ConversionError InvalidInput with all problems at once.
 */
export async function loadWorkerConfig(path?: string): Promise<WorkerConfig> {
  const cwd = process.cwd();
  const file = findWorkerConfig(path, cwd);
  const resolved = interpolate((await readWithParents(file, cwd)).leaves, process.env);
  const split = splitProfiles(resolved.leaves);
  const checked = checkConfig(WorkerFile, listOptions(WorkerFile), split.rest);
  const { profiles, problems: profileProblems } = readProfiles(split.profiles);
  const problems = [...resolved.problems, ...checked.problems, ...profileProblems];
  if (checked.value === null || problems.length > 0) {
    const message = `the worker configuration ${file} has problems:\n${problems.map((line) => `  - ${line}`).join('\n')}`;
    throw new ConversionError('InvalidInput', message, { problems });
  }
  const { value } = checked;
  const python = value.python ?? [findProgram('python', 'python3', cwd)];
  return {
    file,
    policy: {
      allowedRoots: value.allowed_roots,
      remoteCode: value.remote_code,
      torchrun: value.torchrun ?? [findProgram('torchrun', 'torchrun', cwd)],
      python,
      launchPrefix: value.launch_prefix,
      smokeMemory: value.smoke_memory == null ? null : toBytes(value.smoke_memory),
      bridge: toBridgePolicy(value.bridge, python),
      profiles,
    },
    worker: { queues: value.queues, concurrency: value.concurrency },
  };
}

/** A file that somebody named must exist; the others are tried in turn. */
function findWorkerConfig(path: string | undefined, cwd: string): string {
  const named = path ?? process.env['MEGATRON_TO_HF_WORKER_CONFIG'];
  if (named !== undefined && named !== '') return resolve(cwd, named);
  const own = join(cwd, 'config', 'worker.yaml');
  return existsSync(own) ? own : join(packageConfigFolder(), 'worker.yaml');
}
