// Activities that succeed at once, for tests of the workflow's own logic.
import type { ConversionActivities } from '../../src/activities/types.ts';
import type { ConversionRequest } from '../../src/contract/index.ts';

const DIGEST = 'a'.repeat(64);

/** A valid request; every test names its own target, since the target gives the workflow id. */
export function makeRequest(target: string, overrides: Partial<ConversionRequest> = {}): ConversionRequest {
  return {
    megatron_path: '/data/iter_0000100',
    hf_model_id: '/data/reference',
    hf_path: `/data/out/${target}`,
    ...overrides,
  };
}

export function makeActivities(overrides: Partial<ConversionActivities> = {}): ConversionActivities {
  return { ...SOUND, ...overrides };
}

const SOUND: ConversionActivities = {
  checkCompleteness: async ({ input }) => ({
    path: input.megatron_path,
    iteration: 100,
    metadata_digest: DIGEST,
    shards_digest: DIGEST,
    common_state: 'common.pt',
    files: 4,
    bytes: 4_800_000,
    items: 120,
    tracker: '100',
    run_config: false,
    warnings: ['all shards are younger than .metadata'],
  }),
  validateParallelism: async () => ({
    engine: 'stream',
    family: 'llama',
    architecture: 'LlamaForCausalLM',
    reference_revision: null,
    reference_path: '/data/reference',
    reference_digest: DIGEST,
    byte_digest: DIGEST,
    tensors: 39,
    parameters: 2_360_000,
    bytes: 4_720_000,
    files: 4,
    ranks: 2,
    warnings: ['all shards are younger than .metadata'],
    notes: [],
  }),
  convert: async () => ({
    staging: '/data/out/.x.aaaaaaaaaaaa.partial',
    byte_digest: DIGEST,
    files: 4,
    files_reused: 1,
    bytes_written: 3_000_000,
    bytes_reused: 1_720_000,
    bytes_read: 4_800_000,
    ranks: 2,
    attempt: 1,
    seconds: 1,
    warnings: [],
  }),
  endJob: async () => undefined,
  verify: async () => ({
    mode: 'headers',
    tensors: 39,
    parameters: 2_360_000,
    bytes: 4_720_000,
    files: 4,
    seconds: 0.1,
    warnings: [],
  }),
  smokeGenerate: async () => ({
    validated: true,
    samples: [{ prompt: 'In the beginning', text: ' God created | the heaven', tokens: 5 }],
    perplexity: 20.5,
    shuffled_perplexity: 4000,
    ratio: 195,
    device: 'cpu',
    dtype: 'float32',
    versions: { transformers: '5.12' },
    seconds: 3,
    warnings: [],
  }),
  publish: async ({ input }) => ({
    path: input.hf_path,
    manifest: `${input.hf_path}/export_manifest.json`,
    manifest_digest: DIGEST,
    files: 8,
    bytes: 4_730_000,
    already_published: false,
    replaced: false,
    warnings: [],
  }),
};
