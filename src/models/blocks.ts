// The blocks that families share: rows of the tables, for the layers of the decoder or of another stack of layers.
// Facts: Megatron-Bridge `models/{llama,mistral,qwen}/*_bridge.py`, `models/conversion/param_mapping.py`; Megatron-Core `sharded_state_dict`.
import type { Placement, Rule, Spelling } from './types.ts';

/** Where a stack of layers stands in both worlds. */
export interface Stack {
  /** Ends with a dot, as `theirs`. */
  readonly ours: string;
  readonly theirs: string;
  readonly place?: Placement;
}

export const DECODER: Stack = { ours: 'decoder.layers.*.', theirs: 'model.layers.*.' };

/** Rows of one stack: keys are suffixes, `place` is the stack's. */
export function rowsOf({ ours, theirs, place }: Stack) {
  const row = (transform: Rule['transform'], from: readonly Spelling[], to: readonly string[]): Rule => ({
    from: from.map((spelling) =>
      typeof spelling === 'string' ? `${ours}${spelling}` : spelling.map((part) => `${ours}${part}`),
    ),
    to: to.map((suffix) => `${theirs}${suffix}`),
    transform,
    ...(place && { place }),
  });
  return {
    row,
    /** Unchanged; several Megatron keys are spellings of one tensor. */
    direct: (from: string | readonly Spelling[], to: string): Rule =>
      row('direct', typeof from === 'string' ? [from] : from, [to]),
  };
}

/** Names at the two ends of a decoder. */
export interface EndNames {
  readonly embedding: string;
  readonly norm: string;
  readonly head: string;
}

const END_NAMES: EndNames = { embedding: 'model.embed_tokens', norm: 'model.norm', head: 'lm_head' };

/** Embedding, output layer (absent when tied) and the norm after the last layer. */
export function ends({ embedding, norm, head }: EndNames = END_NAMES): readonly Rule[] {
  return [
    { from: ['embedding.word_embeddings.weight'], to: [`${embedding}.weight`], transform: 'vocabulary' },
    { from: ['output_layer.weight'], to: [`${head}.weight`], transform: 'vocabulary' },
    {
      from: ['decoder.final_layernorm.weight', 'decoder.final_norm.weight'],
      to: [`${norm}.weight`],
      transform: 'direct',
    },
  ];
}

/** Spellings of the norm before attention: fused into the linear layer behind it by Transformer Engine, or on its own. */
export const INPUT_NORM: readonly string[] = ['self_attention.linear_qkv.layer_norm_weight', 'input_layernorm.weight'];
/** Spellings of the norm before the MLP. */
export const MLP_NORM: readonly string[] = ['mlp.linear_fc1.layer_norm_weight', 'pre_mlp_layernorm.weight'];

/** The norms before attention and before the MLP. */
export function layerNorms(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [direct(INPUT_NORM, 'input_layernorm.weight'), direct(MLP_NORM, 'post_attention_layernorm.weight')];
}

const QKV = ['q_proj', 'k_proj', 'v_proj'];

/** Grouped-query attention with a fused projection. `module` is its name in transformers. */
export function attention(at: Stack, module = 'self_attn'): readonly Rule[] {
  const { row, direct } = rowsOf(at);
  return [
    row(
      'qkv',
      ['self_attention.linear_qkv.weight'],
      QKV.map((name) => `${module}.${name}.weight`),
    ),
    direct('self_attention.linear_proj.weight', `${module}.o_proj.weight`),
  ];
}

/** Bias of the fused projection (`add_qkv_bias`). */
export function qkvBias(at: Stack, module = 'self_attn'): readonly Rule[] {
  const targets = QKV.map((name) => `${module}.${name}.bias`);
  return [rowsOf(at).row('qkv', ['self_attention.linear_qkv.bias'], targets)];
}

/** Bias of the projection after attention (`add_bias_linear`). */
export function projectionBias(at: Stack, module = 'self_attn'): readonly Rule[] {
  return [rowsOf(at).direct('self_attention.linear_proj.bias', `${module}.o_proj.bias`)];
}

/** Norms on each query and key head (`qk_layernorm`). */
export function queryKeyNorms(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    direct('self_attention.q_layernorm.weight', 'self_attn.q_norm.weight'),
    direct('self_attention.k_layernorm.weight', 'self_attn.k_norm.weight'),
  ];
}

/** One module with a gate: Megatron's `linear_fc1` and `linear_fc2`. */
export interface GatedNames {
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

const GATED_NAMES: GatedNames = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };

/**
 * Gated MLP at `ours` and `theirs` below the layer. With `singleton_local_shards` Megatron stores the two halves under keys of their own
 * (`_w`: gate, `_v`: up).
 */
export function gatedMlp(at: Stack, ours = 'mlp', theirs = 'mlp', names: GatedNames = GATED_NAMES): readonly Rule[] {
  return gatedLayer(at, 'weight', `${ours}.`, `${theirs}.`, names);
}

/** Biases of the gated MLP (`add_bias_linear`). */
export function gatedMlpBias(at: Stack): readonly Rule[] {
  return gatedLayer(at, 'bias', 'mlp.', 'mlp.', GATED_NAMES);
}

/** MLP without a gate at `ours` and `theirs` below the layer: two layers, with biases where `kinds` has them. */
export function plainMlp(at: Stack, ours: string, theirs: string, kinds: readonly string[]): readonly Rule[] {
  const { direct } = rowsOf(at);
  return kinds.flatMap((kind) => [
    direct(`${ours}.linear_fc1.${kind}`, `${theirs}.up_proj.${kind}`),
    direct(`${ours}.linear_fc2.${kind}`, `${theirs}.down_proj.${kind}`),
  ]);
}

/** Routed experts with a gate, under `theirs` and the number of the expert. */
export function gatedExperts(at: Stack, theirs = 'mlp.experts', names: GatedNames = GATED_NAMES): readonly Rule[] {
  return gatedLayer(at, 'weight', 'mlp.experts.experts.{e}.', `${theirs}.{e}.`, names);
}

function gatedLayer(at: Stack, kind: 'weight' | 'bias', ours: string, theirs: string, names: GatedNames): Rule[] {
  const { row, direct } = rowsOf(at);
  const fc1 = `${ours}linear_fc1.${kind}`;
  return [
    row('gated', [fc1, [`${fc1}_w`, `${fc1}_v`]], [`${theirs}${names.gate}.${kind}`, `${theirs}${names.up}.${kind}`]),
    direct(`${ours}linear_fc2.${kind}`, `${theirs}${names.down}.${kind}`),
  ];
}

/** The matrix that scores the experts. */
export function router(at: Stack, theirs = 'mlp.gate'): readonly Rule[] {
  return [rowsOf(at).direct('mlp.router.weight', `${theirs}.weight`)];
}

/** The correction of the scores that balances the experts, float32 (`moe_router_enable_expert_bias`). */
export function routerCorrection(at: Stack, theirs = 'mlp.gate'): readonly Rule[] {
  return [rowsOf(at).direct('mlp.router.expert_bias', `${theirs}.e_score_correction_bias`)];
}
