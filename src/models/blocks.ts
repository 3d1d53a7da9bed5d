// The blocks that families share: rows of the tables, and the Hugging Face keys that each block calls for.
// Facts: Megatron-Bridge `models/{llama,mistral,qwen}/*_bridge.py`; transformers `models/*/modeling_*.py` (order of the keys).
import type { ModelDimensions, Rule } from './types.ts';

const OURS = 'decoder.layers.*.';
const THEIRS = 'model.layers.*.';
const qkv = (kind: string): string[] => ['q', 'k', 'v'].map((part) => `${THEIRS}self_attn.${part}_proj.${kind}`);
const gatedTargets = (kind: string): string[] => ['gate', 'up'].map((part) => `${THEIRS}mlp.${part}_proj.${kind}`);
const direct = (from: string | readonly string[], to: string): Rule => ({
  from: typeof from === 'string' ? [from] : from,
  to: [to],
  transform: 'direct',
});

/** Embedding, output layer (absent when tied) and the norm after the last layer. */
export const ENDS: readonly Rule[] = [
  { from: ['embedding.word_embeddings.weight'], to: ['model.embed_tokens.weight'], transform: 'vocabulary' },
  { from: ['output_layer.weight'], to: ['lm_head.weight'], transform: 'vocabulary' },
  direct(['decoder.final_layernorm.weight', 'decoder.final_norm.weight'], 'model.norm.weight'),
];

/** The norms before attention and before the MLP. Fused into the following linear layer by Transformer Engine, or on their own. */
export const LAYER_NORMS: readonly Rule[] = [
  direct(
    [`${OURS}self_attention.linear_qkv.layer_norm_weight`, `${OURS}input_layernorm.weight`],
    `${THEIRS}input_layernorm.weight`,
  ),
  direct(
    [`${OURS}mlp.linear_fc1.layer_norm_weight`, `${OURS}pre_mlp_layernorm.weight`],
    `${THEIRS}post_attention_layernorm.weight`,
  ),
];

/** Grouped-query attention with a fused projection. */
export const ATTENTION: readonly Rule[] = [
  { from: [`${OURS}self_attention.linear_qkv.weight`], to: qkv('weight'), transform: 'qkv' },
  direct(`${OURS}self_attention.linear_proj.weight`, `${THEIRS}self_attn.o_proj.weight`),
];

/** Bias of the fused projection (`add_qkv_bias`). */
export const QKV_BIAS: readonly Rule[] = [
  { from: [`${OURS}self_attention.linear_qkv.bias`], to: qkv('bias'), transform: 'qkv' },
];

/** Bias of the projection after attention (`add_bias_linear`). */
export const PROJECTION_BIAS: readonly Rule[] = [
  direct(`${OURS}self_attention.linear_proj.bias`, `${THEIRS}self_attn.o_proj.bias`),
];

/** Norms on each query and key head (`qk_layernorm`). */
export const QUERY_KEY_NORMS: readonly Rule[] = [
  direct(`${OURS}self_attention.q_layernorm.weight`, `${THEIRS}self_attn.q_norm.weight`),
  direct(`${OURS}self_attention.k_layernorm.weight`, `${THEIRS}self_attn.k_norm.weight`),
];

/** Gated MLP. With `singleton_local_shards` Megatron stores the two halves under keys of their own (`_w`: gate, `_v`: up). */
export const GATED_MLP: readonly Rule[] = [
  { from: [`${OURS}mlp.linear_fc1.weight`], to: gatedTargets('weight'), transform: 'gated' },
  direct(`${OURS}mlp.linear_fc1.weight_w`, `${THEIRS}mlp.gate_proj.weight`),
  direct(`${OURS}mlp.linear_fc1.weight_v`, `${THEIRS}mlp.up_proj.weight`),
  direct(`${OURS}mlp.linear_fc2.weight`, `${THEIRS}mlp.down_proj.weight`),
];

/** Biases of the gated MLP (`add_bias_linear`). */
export const GATED_MLP_BIAS: readonly Rule[] = [
  { from: [`${OURS}mlp.linear_fc1.bias`], to: gatedTargets('bias'), transform: 'gated' },
  direct(`${OURS}mlp.linear_fc1.bias_w`, `${THEIRS}mlp.gate_proj.bias`),
  direct(`${OURS}mlp.linear_fc1.bias_v`, `${THEIRS}mlp.up_proj.bias`),
  direct(`${OURS}mlp.linear_fc2.bias`, `${THEIRS}mlp.down_proj.bias`),
];

/** Which optional parts a dense decoder has. */
export interface DecoderParts {
  readonly qkvBias: boolean;
  readonly projectionBias: boolean;
  readonly queryKeyNorms: boolean;
  readonly mlpBias: boolean;
}

type Keys = [suffix: string, shape: readonly number[]][];

/** Key set of a dense decoder with pre-norms, in the order of transformers' `state_dict`. */
export function expectDenseDecoder(d: ModelDimensions, parts: DecoderParts): ReadonlyMap<string, readonly number[]> {
  const linear = (name: string, rows: number, columns: number, bias: boolean): Keys => [
    [`${name}.weight`, [rows, columns]],
    ...(bias ? ([[`${name}.bias`, [rows]]] satisfies Keys) : []),
  ];
  const layer: Keys = [
    ...linear('self_attn.q_proj', d.heads * d.headDim, d.hidden, parts.qkvBias),
    ...linear('self_attn.k_proj', d.queryGroups * d.headDim, d.hidden, parts.qkvBias),
    ...linear('self_attn.v_proj', d.queryGroups * d.headDim, d.hidden, parts.qkvBias),
    ...linear('self_attn.o_proj', d.hidden, d.heads * d.headDim, parts.projectionBias),
    ...(parts.queryKeyNorms
      ? ([
          ['self_attn.q_norm.weight', [d.headDim]],
          ['self_attn.k_norm.weight', [d.headDim]],
        ] satisfies Keys)
      : []),
    ...linear('mlp.gate_proj', d.ffn, d.hidden, parts.mlpBias),
    ...linear('mlp.up_proj', d.ffn, d.hidden, parts.mlpBias),
    ...linear('mlp.down_proj', d.hidden, d.ffn, parts.mlpBias),
    ['input_layernorm.weight', [d.hidden]],
    ['post_attention_layernorm.weight', [d.hidden]],
  ];
  const expected = new Map<string, readonly number[]>([['model.embed_tokens.weight', [d.vocab, d.hidden]]]);
  for (let index = 0; index < d.layers; index += 1) {
    for (const [suffix, shape] of layer) expected.set(`model.layers.${index}.${suffix}`, shape);
  }
  expected.set('model.norm.weight', [d.hidden]);
  if (!d.tied) expected.set('lm_head.weight', [d.vocab, d.hidden]);
  return expected;
}
