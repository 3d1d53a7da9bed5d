// The fields of a Lepton job as the real client types them (leptonai 0.47.1, `api/v2/types`), refusing all others.
import { z } from 'zod';

const RESERVED = new Set([
  'LEPTON_WORKSPACE_ID',
  'LEPTON_DEPLOYMENT_NAME',
  'LEPTON_JOB_NAME',
  'LEPTON_RESOURCE_ACCELERATOR_TYPE',
  'LEPTON_WORKSPACE_ORIGIN_URL',
]);

const EnvVar = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .refine((name) => !RESERVED.has(name), 'is reserved'),
  value: z.string().nullish(),
  value_from: z.strictObject({ secret_name_ref: z.string() }).nullish(),
});

const Mount = z.strictObject({
  path: z.string().nullish(),
  from: z.string(),
  mount_path: z.string().startsWith('/'),
  mount_options: z
    .strictObject({ local_cache_size_mib: z.int().nullish(), read_only: z.boolean().nullish() })
    .nullish(),
});

const Count = z.int().min(1);
const Retries = z.int().min(0).nullish();

export const LeptonJobRequest = z.strictObject({
  metadata: z.strictObject({
    id: z
      .string()
      .max(36)
      .regex(/^[a-z][a-z0-9-]*$/)
      .refine((name) => !name.endsWith('-') && !name.endsWith('by-lepton'), 'ends badly'),
    name: z.string().nullish(),
    visibility: z.enum(['public', 'private']).nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.strictObject({
    resource_shape: z.string().min(1),
    affinity: z
      .strictObject({
        allowed_providers: z.array(z.string()).nullish(),
        allowed_dedicated_node_groups: z.array(z.string()).nullish(),
        allowed_nodes_in_node_group: z.array(z.string()).nullish(),
      })
      .nullish(),
    container: z.strictObject({
      image: z.string().min(1),
      ports: z.array(z.unknown()).nullish(),
      command: z.tuple([z.literal('/bin/bash'), z.literal('-c'), z.string().min(1)]),
    }),
    shared_memory_size: z.int().nullish(),
    completions: Count,
    parallelism: Count,
    max_failure_retry: Retries,
    max_job_failure_retry: Retries,
    envs: z.array(EnvVar).nullish(),
    mounts: z.array(Mount).nullish(),
    image_pull_secrets: z.array(z.string()).nullish(),
    ttl_seconds_after_finished: z.int().min(0).nullish(),
    intra_job_communication: z.boolean().nullish(),
    queue_config: z
      .strictObject({
        priority_class: z.string().nullish(),
        can_be_preempted: z.boolean().nullish(),
        can_preempt: z.boolean().nullish(),
      })
      .nullish(),
    reservation_config: z
      .strictObject({
        reservation_id: z.string().nullish(),
        allow_burst_to_other_reservations: z.boolean().nullish(),
      })
      .nullish(),
    stopped: z.boolean().nullish(),
  }),
});
export type LeptonJobRequest = z.output<typeof LeptonJobRequest>;

/** Parameters of `GET /jobs` (`list_all`). */
export const LIST_PARAMETERS = new Set([
  'job_query_mode',
  'q',
  'query',
  'status',
  'node_groups',
  'page',
  'page_size',
  'created_by',
]);
