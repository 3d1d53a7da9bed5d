// A profile of the executor `dgxcloud`: what one workload of NVIDIA Run:ai on DGX Cloud asks for. Safe in the workflow sandbox.
import { z } from 'zod';
import { Command, OneLine, REMOTE_FIELDS } from './profile-fields.ts';

const VariableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');

const VolumeClaim = z.strictObject({
  name: OneLine.nullish().describe('name of the volume in the workload'),
  path: OneLine.refine((path) => path.startsWith('/'), 'must be an absolute path').describe('where the job sees it'),
  claimName: OneLine.describe('name of the persistent volume claim'),
  existingPvc: z.boolean().default(true),
  readOnly: z.boolean().nullish(),
});

export const DgxCloudProfile = z
  .strictObject({ executor: z.literal('dgxcloud').describe('a workload of Run:ai on DGX Cloud'), ...REMOTE_FIELDS })
  .omit({ mounts: true })
  .extend({
    container_image: OneLine.describe('image that the ranks run in'),
    torchrun: Command.default(['torchrun']).describe('torchrun in the image, with leading arguments'),
    base_url: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/, 'must be the URL of the API, such as https://HOST/api/v1')
      .nullish()
      .describe("URL of the Run:ai API; default the worker's variable DGXCLOUD_BASE_URL"),
    client_id: OneLine.nullish().describe(
      "id of the service account; default the worker's variable DGXCLOUD_CLIENT_ID",
    ),
    client_secret_env: VariableName.default('DGXCLOUD_CLIENT_SECRET').describe(
      "name of the worker's environment variable that holds the secret of the service account",
    ),
    project_name: OneLine.describe('Run:ai project; its cluster is looked up'),
    pvcs: z
      .array(VolumeClaim)
      .max(50)
      .default([])
      .describe('volumes that the job sees: claimName, path; the worker must see the export under the same path'),
    env_from: z
      .record(VariableName, OneLine.regex(/^[^:]+:[^:]+$/, 'must be SECRET:KEY'))
      .default({})
      .describe('environment variables of the ranks that come from Kubernetes secrets: VARIABLE: SECRET:KEY'),
    large_shm: z.boolean().default(true).describe('mount a large /dev/shm'),
    distributed_framework: z
      .enum(['PyTorch', 'MPI', 'TF', 'XGBoost', 'JAX'])
      .default('PyTorch')
      .describe('of several nodes'),
    setup: z.array(OneLine).max(200).default([]).describe('shell lines that run on every node before the ranks'),
    custom_spec: z
      .record(z.string().min(1), z.unknown())
      .default({})
      .describe('further keys of the spec of the workload, such as nodePools or priorityClass; they win over ours'),
  });
export type DgxCloudProfile = z.output<typeof DgxCloudProfile>;
