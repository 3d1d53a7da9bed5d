// A profile of the executor `lepton`: what one DGX Cloud Lepton job asks for. Safe in the workflow sandbox.
import { z } from 'zod';
import { Command, OneLine, ProfileCount, ProfileDuration, REMOTE_FIELDS } from './profile-fields.ts';

/** System paths that the service refuses as mount points (leptonai 0.47.1, `api/v2/job_validation.py`). */
const RESERVED_MOUNTS = new Set(
  ['', '/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/media', '/opt', '/proc', '/run', '/sbin', '/srv', '/sys']
    .concat([
      '/usr',
      '/usr/bin',
      '/usr/lib',
      '/usr/local',
      '/usr/sbin',
      '/var',
      '/sys/fs/cgroup',
      '/proc/sys',
      '/proc/bus',
    ])
    .concat('/sys/kernel/security'),
);

const MountPath = OneLine.refine((path) => path.startsWith('/'), 'must be an absolute path').refine(
  (path) => !RESERVED_MOUNTS.has(path.replace(/\/+/g, '/').replace(/\/$/, '')),
  'is a system path that Lepton does not mount over',
);

const LeptonMount = z.strictObject({
  path: OneLine.describe('folder on the storage'),
  from: OneLine.refine((from) => from !== '???', 'must name the storage, such as node-nfs:NAME').describe(
    'the storage, such as node-nfs:NAME',
  ),
  mount_path: MountPath.describe('where the job sees it'),
  read_only: z.boolean().nullish(),
});

export const LeptonProfile = z.strictObject({
  executor: z.literal('lepton').describe('a job on DGX Cloud Lepton'),
  ...REMOTE_FIELDS,
  container_image: OneLine.describe('image that the ranks run in'),
  torchrun: Command.default(['torchrun']).describe('torchrun in the image, with leading arguments'),
  mounts: z
    .array(LeptonMount)
    .max(200)
    .default([])
    .describe('storage that the job sees: path, from, mount_path; the worker must see the export under the same path'),
  resource_shape: OneLine.describe('resource shape of a node, such as gpu.8xh100-80gb or cpu.large'),
  node_group: OneLine.nullish().describe('dedicated node group, by name or id'),
  node_reservation: OneLine.nullish().describe('reservation of nodes, by id'),
  env_from: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'), OneLine)
    .default({})
    .describe('environment variables of the ranks that come from secrets of the workspace: VARIABLE: SECRET'),
  shared_memory_size: ProfileCount.nullish().describe('/dev/shm of a node in MiB'),
  image_pull_secrets: z.array(OneLine).max(20).default([]).describe('secrets of the workspace for the image registry'),
  setup: z.array(OneLine).max(200).default([]).describe('shell lines that run on every node before the ranks'),
  queue_priority: OneLine.nullish().describe('priority class of the queue, such as mid-4000'),
  can_be_preempted: z.boolean().default(false).describe('the job yields its nodes to others; the ranks start again'),
  can_preempt: z.boolean().default(false).describe('the job may take the nodes of others'),
  keep_finished: ProfileDuration.default('1d').describe('how long Lepton keeps a finished job and its logs'),
});
export type LeptonProfile = z.output<typeof LeptonProfile>;
