// Checkpoints that exist as `.metadata` only: keys, shapes and the files of their chunks.
import type { Checkpoint, DType, TensorEntry, TrainingConfig } from '../../src/checkpoint/types.ts';

export interface Described {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  /** Cuts the first axis into this many chunks, each of another rank. */
  readonly parts?: number;
}

export function describeCheckpoint(tensors: Readonly<Record<string, Described>>): Checkpoint {
  const entries = Object.entries(tensors).map(([key, { shape, dtype = 'BF16', parts = 1 }]): [string, TensorEntry] => {
    const [rows = 1, ...others] = shape;
    const chunks = Array.from({ length: parts }, (_, part) => ({
      file: `__${part}_0.distcp`,
      offset: 0,
      length: 1,
      offsets: [(part * rows) / parts, ...others.map(() => 0)],
      sizes: [rows / parts, ...others],
    }));
    return [key, { key, dtype, shape, chunks }];
  });
  const files = entries.flatMap(([, { chunks }]) => chunks.map(({ file }): [string, number] => [file, 1]));
  return {
    path: '/checkpoints/iter_0000001',
    iteration: 1,
    metadataDigest: 'a'.repeat(64),
    tensors: new Map(entries),
    objects: new Map(),
    files: new Map(files),
  };
}

export function recorded(values: Readonly<Record<string, unknown>>): TrainingConfig {
  return { source: 'run_config.yaml', values };
}

const LAYER = {
  'self_attention.linear_qkv.layer_norm_weight': [8],
  'self_attention.linear_qkv.weight': [16, 8],
  'self_attention.linear_proj.weight': [8, 8],
  'mlp.linear_fc1.layer_norm_weight': [8],
  'mlp.linear_fc1.weight': [32, 8],
  'mlp.linear_fc2.weight': [8, 16],
} as const;

/** A dense decoder of the layout that Llama, Mistral and others share: layers in the keys. */
export function denseTensors(layers: number): Record<string, Described> {
  const tensors: Record<string, Described> = {
    'embedding.word_embeddings.weight': { shape: [128, 8], parts: 4 },
    'decoder.final_layernorm.weight': { shape: [8] },
    'output_layer.weight': { shape: [128, 8], parts: 4 },
  };
  for (let layer = 0; layer < layers; layer++)
    for (const [name, shape] of Object.entries(LAYER)) tensors[`decoder.layers.${layer}.${name}`] = { shape };
  return tensors;
}
