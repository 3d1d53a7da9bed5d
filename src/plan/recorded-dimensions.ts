// Sizes that the training run recorded, against those that the family reads from `config.json`. A difference fails every run, strict or not.
import type { ModelDimensions } from '../models/types.ts';
import type { TrainingValues } from './training-values.ts';

type Size = number | boolean | null;

export interface RecordedDimension {
  /** Of `config.json`. */
  readonly field: string;
  /** Of Megatron-Core, then of Megatron-LM's arguments where these differ. */
  readonly recorded: readonly string[];
  /** Null where each layer has a size of its own. */
  readonly says: (dimensions: ModelDimensions) => Size;
  /** Null where nothing was recorded. */
  readonly has: (training: TrainingValues) => Size;
}

export const RECORDED_DIMENSIONS: readonly RecordedDimension[] = [
  { field: 'num_hidden_layers', recorded: ['num_layers'], says: (d) => d.layers, has: (t) => t.layers },
  { field: 'hidden_size', recorded: ['hidden_size'], says: (d) => d.hidden, has: (t) => t.hidden },
  { field: 'num_attention_heads', recorded: ['num_attention_heads'], says: (d) => d.heads, has: (t) => t.heads },
  {
    field: 'num_key_value_heads',
    recorded: ['num_query_groups', 'group_query_attention'],
    says: (d) => (d.layersDiffer ? null : d.queryGroups),
    has: (t) => t.queryGroups,
  },
  { field: 'head_dim', recorded: ['kv_channels', 'v_head_dim'], says: (d) => d.headDim, has: (t) => t.headDim },
  {
    field: 'intermediate_size',
    recorded: ['ffn_hidden_size'],
    says: (d) => (d.layersDiffer ? null : d.ffn),
    has: (t) => t.ffn,
  },
  {
    field: 'tie_word_embeddings',
    recorded: ['share_embeddings_and_output_weights', 'untie_embeddings_and_output_weights'],
    says: (d) => d.tied,
    has: (t) => t.tied,
  },
];

/** Sentences; what shapes cannot show: 32 heads of 128 and 64 heads of 64 look alike. */
export function compareDimensions(d: ModelDimensions, training: TrainingValues, hasMlp: boolean): string[] {
  return RECORDED_DIMENSIONS.flatMap(({ field, says, has }) => {
    // Where every layer has experts, nothing has this size, and each side says what it likes.
    const recorded = field === 'intermediate_size' && !hasMlp ? null : has(training);
    const value = says(d);
    if (value === null || recorded === null || value === recorded) return [];
    return [`${field}: config.json says ${value}, the training run recorded ${recorded} (${training.source})`];
  });
}
