// The rotary fields of a `config.json` from the record of a training run, in the spelling that transformers 4 and 5 both read.
// Facts: Megatron-Core `rotary_pos_embedding.py` (`_apply_scaling` has three of Llama 3's numbers as defaults) and
// `yarn_rotary_pos_embedding.py`; Megatron-Bridge `gpt_provider.py`, `llama_bridge.py` and `model_bridge.py` `YARN_ROPE_SCALING_MAPPING`;
// Megatron-LM's arguments `--use-rope-scaling`, `--rope-scaling-factor`, `--rotary-seq-len-interpolation-factor`.
import type { RecordReader } from './read-record.ts';
import type { ModelConfig } from './types.ts';

/** `config.json` name, and the name after `yarn_` of GPT models. Latent attention has the same without the prefix. */
const YARN_NUMBERS: readonly (readonly [field: string, recorded: string])[] = [
  ['factor', 'rotary_scaling_factor'],
  ['original_max_position_embeddings', 'original_max_position_embeddings'],
  ['beta_fast', 'beta_fast'],
  ['beta_slow', 'beta_slow'],
  ['mscale', 'mscale'],
  ['mscale_all_dim', 'mscale_all_dim'],
];

export function synthesizeRope(record: RecordReader): ModelConfig {
  return {
    rope_theta: record.need(record.number('rotary_base'), 1, 'rotary_base'),
    rope_scaling: synthesizeScaling(record),
  };
}

function synthesizeScaling(record: RecordReader): ModelConfig | null {
  const linear = record.number('seq_len_interpolation_factor', 'rotary_seq_len_interpolation_factor');
  const scaling = scaleFrequencies(record);
  if (linear === null || linear === 1) return scaling;
  if (scaling === null) return { rope_type: 'linear', factor: linear };
  // Megatron divides the positions on top of the scaled frequencies; `rope_scaling` has one type.
  record.complain(
    `seq_len_interpolation_factor is ${linear} beside rope_scaling of type ${String(scaling['rope_type'])} ` +
      `with factor ${String(scaling['factor'])}; config.json has room for one of the two`,
  );
  return scaling;
}

function scaleFrequencies(record: RecordReader): ModelConfig | null {
  const kind = record.need(record.text('position_embedding_type'), 'rope', 'position_embedding_type');
  if (kind === 'yarn') return readYarn(record, 'yarn_');
  if (record.flag('rope_scaling', 'use_rope_scaling') === true) {
    const factor = record.need(record.number('rope_scaling_factor'), 1, 'rope_scaling_factor');
    return llama3(factor, 1, 4, 8192);
  }
  // Model classes of Megatron-Bridge before 0.3 (`Llama31ModelProvider`) had four fields of their own.
  const [factor, low, high, original] = ['scale_factor', 'low_freq_factor', 'high_freq_factor', 'old_context_len'].map(
    (name) => record.number(name),
  );
  if (factor != null) {
    if (low != null && high != null && original != null) return llama3(factor, low, high, original);
    record.complain(`scale_factor is ${factor} without low_freq_factor, high_freq_factor and old_context_len`);
  }
  return null;
}

function llama3(factor: number, low: number, high: number, original: number): ModelConfig {
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  };
}

function readYarn(record: RecordReader, prefix: '' | 'yarn_'): ModelConfig {
  const numbers = YARN_NUMBERS.map(([field, name]) => [field, record.number(prefix + name)] as const);
  for (const [field, value] of numbers.slice(0, 2))
    record.need(value, 1, `${prefix}${field === 'factor' ? 'rotary_scaling_factor' : field}`);
  const rounded = record.flag(`${prefix}correction_range_round_to_int`);
  return {
    rope_type: 'yarn',
    ...Object.fromEntries(numbers.filter(([, value]) => value !== null)),
    ...(rounded !== null && { truncate: rounded }),
  };
}

/**
 * The tokens that a model scaled with YaRN reaches: factor times original length, rounded. Transformers 4 takes the factor from
 * `max_position_embeddings` over the original length, whatever `factor` says (`modeling_rope_utils.py`, `_compute_yarn_parameters`), and
 * transformers 5 warns when the two differ. Null for a model without YaRN, or where the record lacks a number, which `synthesizeRope` says.
 */
export function readYarnReach(record: RecordReader): number | null {
  const isLatent = record.value('multi_latent_attention') === true && record.value('rope_type') === 'yarn';
  if (!isLatent && record.value('position_embedding_type') !== 'yarn') return null;
  const prefix = isLatent ? '' : 'yarn_';
  const factor = record.value(`${prefix}rotary_scaling_factor`);
  const original = record.value(`${prefix}original_max_position_embeddings`);
  if (typeof factor !== 'number' || typeof original !== 'number' || (isLatent && factor === 1)) return null;
  return Math.round(factor * original);
}

/**
 * Of latent attention, whose `rope_type` is always yarn or rope. A factor of 1 means no scaling in both; Megatron-Bridge records it so for
 * models that have none.
 */
export function synthesizeLatentRope(record: RecordReader): ModelConfig {
  const theta = record.need(record.number('rotary_base'), 1, 'rotary_base');
  const kind = record.need(record.text('rope_type'), 'yarn', 'rope_type');
  const factor = record.need(record.number('rotary_scaling_factor'), 1, 'rotary_scaling_factor');
  if (factor === 1) return { rope_theta: theta, rope_scaling: null };
  const [one, all] = [record.number('mscale') ?? 1, record.number('mscale_all_dim') ?? 0];
  if (kind === 'rope') {
    // Megatron scales the scores all the same (`MultiLatentAttention.softmax_scale`), which no field of config.json says without yarn.
    if (all !== 0) record.complain(`rope_type is rope, and mscale_all_dim ${all} with rotary_scaling_factor ${factor}`);
    return { rope_theta: theta, rope_scaling: null };
  }
  // transformers takes 0 for absent, and then scales as if mscale were 1.
  if (all === 0 && one !== 1) record.complain(`mscale is ${one} while mscale_all_dim is 0`);
  return { rope_theta: theta, rope_scaling: readYarn(record, '') };
}
