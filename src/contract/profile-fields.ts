// What the profiles of several executors have in common. Safe in the workflow sandbox.
import { z } from 'zod';

export const Words = z.array(z.string().min(1).max(4096)).max(200);
export const Command = Words.min(1);
export const ProfileCount = z.int().min(1).max(65_536);

/** A duration: a number of seconds, or text such as `30s`, `15m`, `24h`. */
export const ProfileDuration = z.union([
  z.number().positive(),
  z.string().regex(/^\d+(\.\d+)?\s*(ms|s|m|h|d)$/, 'must be seconds or a duration such as 30s, 15m, 24h'),
]);

/** Variables of the ranks. Their names go into files that a shell reads, so they are names and nothing else. */
const ProfileEnvironment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
  z.string().refine((value) => !value.includes('\0'), 'must not contain a NUL byte'),
);

/** A line of a script or of a directive: one line, so that no value can begin another one. */
export const OneLine = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\r\n\0]+$/, 'must be one line');

/** Of every profile. */
export const COMMON_FIELDS = {
  env: ProfileEnvironment.default({}).describe('environment variables of the ranks; merged with those of the parent'),
};

/** Of every profile whose ranks run elsewhere: what is where, and how many ranks. */
export const REMOTE_FIELDS = {
  ...COMMON_FIELDS,
  nodes: ProfileCount.default(1).describe('nodes of a job, where the request names no torchrun.nnodes'),
  nproc_per_node: ProfileCount.nullish().describe(
    'ranks on a node, where the request names no torchrun.nproc_per_node; default gpus_per_node',
  ),
  gpus_per_node: ProfileCount.nullish().describe('accelerators to ask for on each node; engine stream needs none'),
  container_image: OneLine.nullish().describe('image that the ranks run in'),
  mounts: z
    .array(OneLine)
    .max(200)
    .default([])
    .describe('what the container sees of the host, SOURCE:TARGET[:OPTIONS]; added to those of the parent'),
  node: Command.nullish().describe("Node at that place, with leading arguments; default the path of the worker's own"),
  package_root: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .regex(/^[^\r\n\0]+$/, 'must be one line')
    .nullish()
    .describe('folder of this package at that place; default where the worker has it'),
  torchrun: Command.nullish().describe("torchrun at that place, with leading arguments; default the worker's own"),
  poll: ProfileDuration.default('10s').describe('pause between two looks at a job'),
  start: ProfileDuration.default('30m').describe(
    'how long a running job may take until its ranks write their first bytes (images are fetched, modules loaded); after that, retry.stall',
  ),
  patience: ProfileDuration.default('10m').describe(
    'how long the scheduler may fail to answer before the attempt fails; the job runs on and the next attempt finds it',
  ),
};
