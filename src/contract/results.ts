// What the activities and the workflow return. Small: paths, counts and digests, never plans or tensor lists. Safe in the workflow sandbox.
import { z } from 'zod';
import { ConverterRecord } from './bridge.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Result of `checkCompleteness`. */
export const CompletenessResult = z.object({
  path: z.string(),
  iteration: z.int().nullable(),
  /** sha256 of `.metadata`. */
  metadata_digest: Sha256,
  /** sha256 over name, size and time of `.metadata` and all shards: what was found complete. */
  shards_digest: Sha256,
  /** Where the non-tensor state is: a file of core up to 0.18, or an entry of core 0.19 and later. */
  common_state: z.enum(['common.pt', 'entry', 'absent']),
  files: z.int(),
  /** Bytes of all `.distcp` files. */
  bytes: z.number(),
  items: z.int(),
  /** Iteration that the tracker beside the checkpoint names, when there is one. */
  tracker: z.string().nullable(),
  run_config: z.boolean(),
  warnings: z.array(z.string()),
});
export type CompletenessResult = z.infer<typeof CompletenessResult>;

/** Result of `validateParallelism`. */
export const PreflightResult = z.object({
  engine: z.enum(['stream', 'bridge']),
  family: z.string(),
  architecture: z.string(),
  /** Commit that `hf_revision` was resolved to, for hub references. */
  reference_revision: z.string().nullable(),
  /** Local directory that holds the reference's small files. */
  reference_path: z.string(),
  reference_digest: Sha256,
  /** Digest of everything that decides the output bytes (design 11.8). */
  byte_digest: Sha256,
  tensors: z.int(),
  parameters: z.number(),
  bytes: z.number(),
  files: z.int(),
  /** Ranks that the conversion will use. */
  ranks: z.int(),
  warnings: z.array(z.string()),
  notes: z.array(z.string()),
});
export type PreflightResult = z.infer<typeof PreflightResult>;

/** Result of `verify`. */
export const VerifyResult = z.object({
  mode: z.enum(['headers', 'readback']),
  tensors: z.int(),
  parameters: z.number(),
  bytes: z.number(),
  files: z.int(),
  seconds: z.number(),
  warnings: z.array(z.string()),
});
export type VerifyResult = z.infer<typeof VerifyResult>;

/** Result of `smokeGenerate`. */
export const SmokeResult = z.object({
  /** `false` only where smoke.enabled is false: then nothing was proved. */
  validated: z.boolean(),
  samples: z.array(z.object({ prompt: z.string(), text: z.string(), tokens: z.int() })),
  perplexity: z.number().nullable(),
  shuffled_perplexity: z.number().nullable(),
  ratio: z.number().nullable(),
  /** Nats that a token gains by everything before it over the last four tokens only: what attention is worth. */
  context_gain: z.number().nullish(),
  /** The same for each passage. */
  passages: z
    .array(
      z.object({
        name: z.string(),
        tokens: z.int(),
        perplexity: z.number(),
        shuffled_perplexity: z.number(),
        context_gain: z.number(),
      }),
    )
    .optional(),
  device: z.string().nullable(),
  dtype: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  seconds: z.number(),
  warnings: z.array(z.string()),
});
export type SmokeResult = z.infer<typeof SmokeResult>;

/** Result of `convert`. */
export const ConvertResult = z.object({
  /** The staging directory, beside the target. */
  staging: z.string(),
  byte_digest: Sha256,
  files: z.int(),
  files_reused: z.int(),
  bytes_written: z.number(),
  bytes_reused: z.number(),
  bytes_read: z.number(),
  ranks: z.int(),
  /** Highest attempt number that wrote anything; 0 where nothing was written. */
  attempt: z.int(),
  seconds: z.number(),
  /** Only with engine bridge: what ran. */
  converter: ConverterRecord.optional(),
  /** Only where hf_path held this very export already, so that nothing was written and staging is not used. */
  published: z
    .object({
      /** The verdict that its manifest records, where that answers this request. */
      smoke: SmokeResult.nullable(),
    })
    .optional(),
  warnings: z.array(z.string()),
});
export type ConvertResult = z.infer<typeof ConvertResult>;

/** Result of `publish`. */
export const PublishResult = z.object({
  path: z.string(),
  manifest: z.string(),
  manifest_digest: Sha256,
  files: z.int(),
  bytes: z.number(),
  /** `true` when the target already held exactly this export. */
  already_published: z.boolean(),
  /** `true` when an older target was replaced. */
  replaced: z.boolean(),
  warnings: z.array(z.string()),
});
export type PublishResult = z.infer<typeof PublishResult>;

/** Result of the workflow `megatronToHf`. */
export const ConversionResult = z.object({
  hf_path: z.string(),
  megatron_path: z.string(),
  iteration: z.int().nullable(),
  engine: z.string(),
  family: z.string(),
  /** `VALIDATED`, or `NOT VALIDATED` when the smoke generation was switched off. */
  validation: z.enum(['VALIDATED', 'NOT VALIDATED']),
  tensors: z.int(),
  parameters: z.number(),
  bytes: z.number(),
  files: z.int(),
  files_reused: z.int(),
  ranks: z.int(),
  manifest: z.string(),
  manifest_digest: z.string(),
  already_published: z.boolean(),
  smoke: SmokeResult,
  seconds: z.object({
    wait: z.number(),
    convert: z.number(),
    verify: z.number(),
    smoke: z.number(),
    total: z.number(),
  }),
  warnings: z.array(z.string()),
});
export type ConversionResult = z.infer<typeof ConversionResult>;

/** The phases in their order. */
export const PHASES = [
  'checkCompleteness',
  'validateParallelism',
  'convert',
  'verify',
  'smokeGenerate',
  'publish',
] as const;
export type Phase = (typeof PHASES)[number];

/** Answer of the `status` query. */
export const ConversionStatus = z.object({
  phase: z.enum([...PHASES, 'done', 'failed']),
  phases: z.array(
    z.object({
      phase: z.enum(PHASES),
      state: z.enum(['pending', 'running', 'done', 'failed', 'skipped']),
      started: z.string().nullable(),
      ended: z.string().nullable(),
      summary: z.string().nullable(),
    }),
  ),
  megatron_path: z.string(),
  hf_path: z.string(),
});
export type ConversionStatus = z.infer<typeof ConversionStatus>;

/** Heartbeat details and the domain's `onProgress` value: what a progress line needs, a few hundred bytes. */
export const Progress = z.object({
  phase: z.enum(PHASES),
  /** One short line for people. */
  message: z.string(),
  done_bytes: z.number().optional(),
  total_bytes: z.number().optional(),
  done_files: z.int().optional(),
  total_files: z.int().optional(),
  /** Bytes a second over the last seconds. */
  rate: z.number().optional(),
  /** Anything an activity needs to carry from one attempt to the next. */
  carry: z.record(z.string(), z.unknown()).optional(),
  /** Why the last attempt failed. Only the activity adapter sets it: a timeout of the server forgets the failure before it. */
  failure: z.object({ message: z.string(), problems: z.array(z.string()) }).optional(),
});
export type Progress = z.infer<typeof Progress>;
