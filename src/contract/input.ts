// The request: the parameters of the Nemotron step with their names and defaults, and ours in named sections. Safe in the workflow sandbox.
import { z } from 'zod';

/** Characters of a path; Linux allows as many bytes. */
const LONGEST_PATH = 4096;
const LONGEST_NAME = 1000;

const PowerlessPath = z
  .string()
  .min(1)
  .max(LONGEST_PATH)
  .refine((path) => !path.includes('\0'), 'must not contain a NUL byte');
const AbsolutePath = PowerlessPath.refine(
  (path) => path.startsWith('/'),
  'must be an absolute path (the command line resolves relative ones)',
);
const Count = z.int().min(1).max(65_536);

/** A duration: a number of seconds, or text such as `30s`, `15m`, `24h`. */
const Duration = z
  .union([
    z.number().positive(),
    z.string().regex(/^\d+(\.\d+)?\s*(ms|s|m|h|d)$/, 'must be seconds or a duration such as 30s, 15m, 24h'),
  ])
  .describe('seconds, or 30s / 15m / 24h');

/** A size in bytes, or text such as `5GB` (powers of 1000) or `5GiB` (powers of 1024). */
const ByteSize = z
  .union([
    z.int().min(1),
    z.string().regex(/^\d+(\.\d+)?\s*([KMGT]i?B|B)$/, 'must be bytes or a size such as 5GB or 500MiB'),
  ])
  .describe('bytes, or 5GB / 500MiB');

export const WaitOptions = z.strictObject({
  timeout: Duration.default('24h').describe('how long to wait for a complete checkpoint'),
  appear: Duration.default('30m').describe(
    'how long an iteration directory that does not exist yet may take to appear',
  ),
  settle: Duration.default('2m').describe('quiet time after which mixed generations are final'),
  stall: Duration.default('15m').describe('quiet time after which an incomplete checkpoint is reported as STALLED'),
  initial_interval: Duration.default('10s').describe('first pause between two looks'),
  max_interval: Duration.default('2m').describe('longest pause between two looks'),
});

export const SmokeOptions = z.strictObject({
  enabled: z.boolean().default(true).describe('generate text with the exported model before it is published'),
  device: z.string().default('auto').describe('torch device, or auto'),
  dtype: z
    .enum(['auto', 'float32', 'bfloat16', 'float16'])
    .default('auto')
    .describe('compute dtype; auto = float32 on a CPU, else that of the checkpoint'),
  max_memory: ByteSize.nullish().describe('memory that the smoke process may use; default what the worker has'),
  offload_folder: AbsolutePath.nullish().describe('where transformers may offload weights'),
  prompts: z
    .array(z.string().min(1).max(4000))
    .min(1)
    .max(16)
    .nullish()
    .describe('prompts to continue; default two plain English ones'),
  max_new_tokens: z.int().min(4).max(1024).default(48).describe('tokens to generate for each prompt'),
  repetition_penalty: z.number().min(1).max(2).default(1.2).describe('of the greedy generation; 1 = none'),
  min_perplexity_ratio: z
    .number()
    .min(1)
    .default(20)
    .describe('perplexity of shuffled tokens over that of the passages, at least'),
  min_context_gain: z
    .number()
    .min(0)
    .default(0.5)
    .describe('nats that a token gains by all earlier tokens over the last four, at least'),
  max_perplexity: z.number().positive().nullish().describe('fail when the perplexity of the passage is above this'),
  timeout: Duration.default('30m').describe('limit of one smoke attempt'),
});

export const RetryOptions = z.strictObject({
  convert_attempts: z.int().min(1).max(1000).default(20).describe('attempts of the conversion in all'),
  fruitless_attempts: z.int().min(1).max(100).default(3).describe('attempts in a row that may finish no file'),
  stall: Duration.default('10m').describe('ranks without progress for this long are ended and retried'),
  convert_timeout: Duration.default('24h').describe('limit of one conversion attempt'),
  heartbeat: Duration.default('60s').describe(
    'a worker that is silent for this long is lost, and its activity is retried',
  ),
});

export const TorchrunOptions = z.strictObject({
  nproc_per_node: Count.nullish().describe('local conversion ranks'),
  nnodes: Count.nullish().describe('nodes'),
});

/** `auto`: chosen from the model's dimensions so that all ranks are used. */
const LayoutSize = z.union([Count, z.literal('auto')]).nullish();

/** The `hf_model_id` that stands for no reference: config and tokenizer come from what the training run stored in the checkpoint. */
export const FROM_CHECKPOINT = 'from-checkpoint';

/** The workflow's one argument. Unknown keys are refused. `null` and absent mean the same, so Python parents may pass `None`. */
export const ConversionInput = z.strictObject({
  megatron_path: AbsolutePath.describe('the concrete checkpoint iteration directory, normally iter_NNNNNNN'),
  hf_model_id: z
    .string()
    .min(1)
    .max(LONGEST_PATH)
    .describe(
      'Hugging Face model id, or a local directory, that gives config and tokenizer; from-checkpoint: what the training run recorded and stored',
    ),
  hf_path: AbsolutePath.describe('the directory to publish the Hugging Face checkpoint at'),
  hf_revision: z.string().min(1).max(LONGEST_NAME).nullish().describe('branch, tag or commit of hf_model_id'),
  trust_remote_code: z
    .boolean()
    .default(true)
    .describe('allow custom model code of the reference, where the worker policy allows it too'),
  show_progress: z.boolean().default(true).describe('report progress while converting'),
  strict: z.boolean().default(true).describe('fail when source and target tensors do not match exactly'),
  distributed: z
    .union([z.boolean(), z.literal('auto')])
    .default(true)
    .describe('convert with several ranks under torchrun'),
  tp: LayoutSize.describe('tensor parallel size of the source checkpoint'),
  pp: LayoutSize.describe('pipeline parallel size of the source checkpoint'),
  ep: LayoutSize.describe('expert parallel size of the source checkpoint'),
  etp: LayoutSize.describe('expert tensor parallel size of the source checkpoint'),
  distributed_save: z.boolean().default(true).describe('every rank writes its own shards; false: rank 0 writes all'),
  torchrun: TorchrunOptions.prefault({}),
  save_every_n_ranks: Count.default(1).describe('engine bridge: one rank in this many writes files'),
  distributed_timeout_minutes: Count.nullish().describe(
    'engine bridge: minutes that ranks wait for each other; default that of torch',
  ),
  duplicate_pp_tensor_policy: z
    .enum(['first', 'error'])
    .default('error')
    .describe('engine bridge: a tensor that two pipeline stages hold is an error, or the first stage gives it'),
  engine: z
    .enum(['auto', 'stream', 'bridge'])
    .default('auto')
    .describe('conversion engine; auto: stream where the family is known, else bridge where the worker has it'),
  profile: z
    .string()
    .min(1)
    .max(LONGEST_NAME)
    .nullish()
    .describe("where the ranks run: the name of a profile in the worker's configuration; default the worker itself"),
  dtype: z
    .enum(['source', 'float32', 'bfloat16', 'float16'])
    .default('source')
    .describe('dtype of the exported tensors'),
  max_shard_size: ByteSize.default('5GB').describe('largest safetensors file'),
  tokenizer_source: z
    .enum(['reference', 'checkpoint'])
    .default('reference')
    .describe('where the tokenizer files come from'),
  overwrite: z.boolean().default(false).describe('replace an existing different target'),
  verify: z
    .enum(['headers', 'readback'])
    .default('headers')
    .describe('headers and recorded digests, or every byte read again'),
  allow_ambiguous_generations: z.boolean().default(false).describe('accept shards that are younger than the metadata'),
  wait: WaitOptions.prefault({}),
  smoke: SmokeOptions.prefault({}),
  retry: RetryOptions.prefault({}),
  defaulted: z
    .array(z.string())
    .default([])
    .describe('parameters whose value came from a configuration default and not from a person'),
  task_queues: z
    .strictObject({
      preflight: z.string().min(1).max(LONGEST_NAME).nullish().describe('task queue of the quick activities'),
      convert: z.string().min(1).max(LONGEST_NAME).nullish().describe('task queue of the conversions'),
      smoke: z.string().min(1).max(LONGEST_NAME).nullish().describe('task queue of the smoke generations'),
    })
    .prefault({})
    .describe('task queues of the activities, when not the usual ones'),
});

/** What a caller passes. */
export type ConversionRequest = z.input<typeof ConversionInput>;
/** What the workflow and the activities work with: every default filled in. */
export type ConversionInput = z.output<typeof ConversionInput>;
