// The dimensions and the layout that the training run recorded about itself, by our names; null where it says nothing.
import type { TrainingConfig } from '../checkpoint/types.ts';

export interface TrainingValues {
  readonly source: TrainingConfig['source'];
  readonly layers: number | null;
  readonly hidden: number | null;
  readonly heads: number | null;
  readonly queryGroups: number | null;
  readonly headDim: number | null;
  readonly ffn: number | null;
  /** Without padding. Megatron-Bridge may leave it out until training begins, Megatron-LM records it for some tokenizers only. */
  readonly vocab: number | null;
  readonly paddedVocab: number | null;
  readonly vocabDivisor: number | null;
  readonly tied: boolean | null;
  readonly tp: number | null;
  readonly pp: number | null;
  readonly ep: number | null;
  /** Null means as many as `tp`, for Megatron too (`expert_tensor_parallel_size`). */
  readonly etp: number | null;
  readonly cp: number | null;
  /** Whether the pipeline stages are uneven by configuration, so that pp need not divide the layers. */
  readonly unevenStages: boolean;
}

const UNEVEN = [
  'num_layers_in_first_pipeline_stage',
  'num_layers_in_last_pipeline_stage',
  'decoder_first_pipeline_num_layers',
  'decoder_last_pipeline_num_layers',
  'account_for_embedding_in_pipeline_split',
  'account_for_loss_in_pipeline_split',
  'pipeline_model_parallel_layout',
];

/** Names: Megatron-Core `TransformerConfig` and `ModelParallelConfig`; Megatron-LM's arguments differ for groups and tied weights. */
export function readTrainingValues(config: TrainingConfig): TrainingValues {
  const { values } = config;
  const count = (name: string): number | null => {
    const value = values[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
  };
  const flag = (name: string): boolean | null => (typeof values[name] === 'boolean' ? values[name] : null);
  const pattern = values['hybrid_layer_pattern'];
  const heads = count('num_attention_heads');
  const untied = flag('untie_embeddings_and_output_weights');
  // Latent attention sizes its heads by fields of its own and has no query groups: kv_channels and num_query_groups are idle then.
  const isLatent = flag('multi_latent_attention') === true;
  const groups = isLatent ? null : count('num_query_groups');
  return {
    source: config.source,
    layers: count('num_layers'),
    hidden: count('hidden_size'),
    heads,
    // Megatron-LM stores num_query_groups = 1 for models without grouped queries.
    queryGroups: flag('group_query_attention') === false ? heads : groups,
    headDim: count(isLatent ? 'v_head_dim' : 'kv_channels'),
    ffn: count('ffn_hidden_size'),
    vocab: count('vocab_size'),
    paddedVocab: count('padded_vocab_size'),
    vocabDivisor: count('make_vocab_size_divisible_by'),
    tied: flag('share_embeddings_and_output_weights') ?? (untied === null ? null : !untied),
    tp: count('tensor_model_parallel_size'),
    pp: count('pipeline_model_parallel_size'),
    ep: count('expert_model_parallel_size'),
    etp: count('expert_tensor_parallel_size'),
    cp: count('context_parallel_size'),
    unevenStages:
      UNEVEN.some((name) => values[name] != null && values[name] !== false) ||
      // A pattern of hybrid layers may say itself where a stage ends.
      (typeof pattern === 'string' && pattern.includes('|')),
  };
}
