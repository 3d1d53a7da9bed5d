// The fields of a `config.json` that every decoder has, from the record of a training run.
// Facts: Megatron-Bridge `model_bridge.py` `CONFIG_MAPPING`; Megatron-LM's arguments, which differ for groups, norms and tied weights.
import type { RecordReader } from './read-record.ts';
import { readYarnReach, synthesizeRope } from './synthesize-rope.ts';
import type { ModelConfig } from './types.ts';

/** Sizes, norms, vocabulary and dtype; nothing about positions. */
export function synthesizeSizes(record: RecordReader): ModelConfig {
  const heads = record.need(record.count('num_attention_heads'), 1, 'num_attention_heads');
  const hidden = record.need(record.count('hidden_size'), heads, 'hidden_size');
  // Megatron-LM records num_query_groups = 1 for models without grouped queries.
  const groups = record.flag('group_query_attention') === false ? null : record.count('num_query_groups');
  return {
    num_hidden_layers: record.need(record.count('num_layers'), 1, 'num_layers'),
    hidden_size: hidden,
    intermediate_size: record.need(record.count('ffn_hidden_size'), 1, 'ffn_hidden_size'),
    num_attention_heads: heads,
    num_key_value_heads: groups ?? heads,
    head_dim: record.count('kv_channels') ?? Math.floor(hidden / heads),
    max_position_embeddings: synthesizePositions(record),
    vocab_size: synthesizeVocabulary(record),
    tie_word_embeddings: synthesizeTied(record),
    torch_dtype: synthesizeDtype(record),
    ...ofTraining(record),
  };
}

/** Of a decoder with RMS norms, rotary embeddings and SiLU, as `demandLlamaLike` demands them. */
export function synthesizeLlamaLike(record: RecordReader): ModelConfig {
  return {
    ...synthesizeSizes(record),
    ...synthesizeRope(record),
    rms_norm_eps: synthesizeEpsilon(record),
    hidden_act: 'silu',
  };
}

export function synthesizeEpsilon(record: RecordReader): number {
  return record.need(record.number('layernorm_epsilon', 'norm_epsilon'), 1, 'layernorm_epsilon', 'norm_epsilon');
}

/** Biases of the linear layers: in Megatron all or none, those of query, key and value on their own. */
export function readBiases(record: RecordReader): { readonly linear: boolean; readonly qkv: boolean } {
  const linear = record.need(record.flag('add_bias_linear'), false, 'add_bias_linear');
  return { linear, qkv: linear || record.flag('add_qkv_bias') === true };
}

/** Depth of multi-token prediction; null, absent and, in Megatron-Bridge's hybrid models, 0 mean that there is none. */
export function readMtpDepth(record: RecordReader): number | null {
  return record.value('mtp_num_layers') === 0 ? null : record.count('mtp_num_layers');
}

/** Tokens that one attends to, itself included, or null. Megatron records `(left, right)` without the token itself; Gemma 3 a number. */
export function readWindow(record: RecordReader): number | null {
  const window = record.value('window_size');
  if (typeof window === 'number') return window;
  const left: unknown = Array.isArray(window) ? window[0] : undefined;
  return typeof left === 'number' && left >= 0 ? left + 1 : null;
}

/**
 * Megatron-LM's argument is that of the model; Megatron-Bridge records the length of the training sequences alone. Both give way to what
 * YaRN reaches.
 */
function synthesizePositions(record: RecordReader): number {
  const own = record.training.source === 'common state args' ? record.count('max_position_embeddings') : null;
  const reach = readYarnReach(record);
  if (reach !== null && reach !== own) {
    const why =
      "YaRN's factor times original_max_position_embeddings, from whose ratio transformers 4 takes the factor";
    return record.assume('max_position_embeddings', reach, why);
  }
  if (own !== null) return own;
  const length = record.need(record.count('seq_length'), 1, 'seq_length');
  return record.assume(
    'max_position_embeddings',
    length,
    'the seq_length of the training run; the model may reach further',
  );
}

function synthesizeVocabulary(record: RecordReader): number {
  const rows = record.stored.vocabularyRows;
  const why = 'all rows of the embedding, since the run did not record how many of them are padding';
  return record.count('vocab_size') ?? record.assume('vocab_size', rows, why);
}

/** Fields that matter to further training alone; where they are absent, transformers has defaults. */
function ofTraining(record: RecordReader): ModelConfig {
  const [deviation, dropout] = [record.number('init_method_std'), record.number('attention_dropout')];
  return {
    ...(deviation !== null && { initializer_range: deviation }),
    ...(dropout !== null && { attention_dropout: dropout }),
  };
}

/** What was recorded, else what is stored: a tied model has no output layer. */
function synthesizeTied(record: RecordReader): boolean {
  const untied = record.flag('untie_embeddings_and_output_weights');
  const tied = record.flag('share_embeddings_and_output_weights') ?? (untied === null ? null : !untied);
  return tied ?? !record.stored.hasOutputLayer;
}

/** Corrected later to that of the exported tensors. */
function synthesizeDtype(record: RecordReader): string {
  if (record.flag('bf16') === true) return 'bfloat16';
  return record.flag('fp16') === true ? 'float16' : 'float32';
}
