// Nemotron-H, Nemotron Nano 2, Nemotron-3 Nano, Super and Ultra: a stack in which every layer is one block with one norm before it, a Mamba-2
// mixer, attention, an MLP or experts, squared ReLU without gates, no positions. Which one is in `hybrid_override_pattern`.
// Facts: Megatron-Bridge `models/nemotronh/nemotron_h_bridge.py`; megatron-core `ssm/mamba_mixer.py` (its five parts of `in_proj` and three of
// `conv1d` have keys of their own), `ssm/mamba_block.py`, `transformer/multi_token_prediction.py`.
import {
  attention,
  ends,
  plainMlp,
  projectionBias,
  qkvBias,
  router,
  routerCorrection,
  rowsOf,
  type Stack,
} from './blocks.ts';
import { PLAIN_SCORES, UNCLAMPED_MLP } from './demands.ts';
import { nemotronHKeys } from './nemotron-h-keys.ts';
import { readNemotronH } from './nemotron-h-config.ts';
import { synthesizeNemotronH } from './synthesize-nemotron-h.ts';
import type { Demand, Family, OptionalPart, Rule } from './types.ts';

const DECODER: Stack = { ours: 'decoder.layers.*.', theirs: 'backbone.layers.*.' };

/** Layers of a multi-token prediction block are numbered through all blocks. */
const MTP: Stack = {
  ours: 'mtp.layers.*.transformer_layer.layers.*.',
  theirs: 'mtp.layers.*.',
  place: {
    text: '`o * P + i` for layer i of block o, P layers a block',
    index: ([outer = 0, inner = 0], d) => outer * (d.mtpPatternLength ?? 1) + inner,
  },
};

/** The norm before the block: fused into the layer behind it by Transformer Engine, or on its own. */
const NORM: readonly string[] = [
  'mixer.in_proj.layer_norm_weight',
  'mlp.linear_fc1.layer_norm_weight',
  'self_attention.linear_qkv.layer_norm_weight',
  'norm.weight',
  'pre_mlp_layernorm.weight',
  'input_layernorm.weight',
];

/** Of a tied model the embedding fills the output layer as well. */
function hybridEnds(): readonly Rule[] {
  const rules = ends({ embedding: 'backbone.embeddings', norm: 'backbone.norm_f', head: 'lm_head' });
  return rules.map((rule) =>
    rule.to.includes('lm_head.weight') ? { ...rule, from: [...rule.from, 'embedding.word_embeddings.weight'] } : rule,
  );
}

function hybridLayer(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    direct(NORM, 'norm.weight'),
    ...mambaMixer(at),
    ...attention(at, 'mixer'),
    ...qkvBias(at, 'mixer'),
    ...projectionBias(at, 'mixer'),
    ...plainMlp(at, 'mlp', 'mixer', ['weight', 'bias']),
    ...router(at, 'mixer.gate'),
    ...routerCorrection(at, 'mixer.gate'),
    ...plainMlp(at, 'mlp.experts.experts.{e}', 'mixer.experts.{e}', ['weight']),
    ...plainMlp(at, 'mlp.shared_experts', 'mixer.shared_experts', ['weight', 'bias']),
    ...['fc1_latent_proj.weight', 'fc1_latent_proj.bias', 'fc2_latent_proj.weight', 'fc2_latent_proj.bias'].map(
      (name) => direct(`mlp.${name}`, `mixer.${name}`),
    ),
  ];
}

/** megatron-core allows no bias in `in_proj` and `out_proj` (`assert not bias`). */
function mambaMixer(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  const joined = (name: string, parts: readonly string[]): Rule =>
    direct([parts.map((part) => `mixer.${name}.${part}`)], `mixer.${name}`);
  return [
    joined('in_proj.weight', ['z', 'x', 'B', 'C', 'dt']),
    joined('conv1d.weight', ['x', 'B', 'C']),
    joined('conv1d.bias', ['x', 'B', 'C']),
    ...['A_log', 'D', 'dt_bias', 'norm.weight', 'out_proj.weight'].map((name) =>
      direct(`mixer.${name}`, `mixer.${name}`),
    ),
  ];
}

/** What stands around a block: on its first and on its last layer. */
function mtpJoints(): readonly Rule[] {
  const first: Stack = {
    ours: 'mtp.layers.*.',
    theirs: 'mtp.layers.*.',
    place: {
      text: '`o * P`, the first layer of block o',
      index: ([outer = 0], d) => outer * (d.mtpPatternLength ?? 1),
    },
  };
  const last: Stack = {
    ...first,
    place: {
      text: '`o * P + P - 1`, the last layer of block o',
      index: ([outer = 0], d) => (outer + 1) * (d.mtpPatternLength ?? 1) - 1,
    },
  };
  return [
    ...['enorm.weight', 'hnorm.weight', 'eh_proj.weight'].map((name) => rowsOf(first).direct(name, name)),
    rowsOf(last).direct('final_layernorm.weight', 'final_layernorm.weight'),
  ];
}

const DEMANDS: readonly Demand[] = [
  { names: ['layernorm_zero_centered_gamma', 'apply_layernorm_1p'], accepts: [false] },
  { names: ['normalization'], accepts: ['RMSNorm'] },
  { names: ['apply_residual_connection_post_layernorm'], accepts: [false] },
  { names: ['gated_linear_unit', 'swiglu', 'quick_geglu', 'openai_gelu'], accepts: [false] },
  { names: ['activation_func'], accepts: ['squared_relu'] },
  { names: ['squared_relu'], accepts: [true] },
  { names: ['position_embedding_type'], accepts: ['none'] },
  { names: ['qk_layernorm', 'attention_output_gate', 'multi_latent_attention'], accepts: [false] },
  PLAIN_SCORES,
  ...UNCLAMPED_MLP,
];

const MTP_BLOCKS: OptionalPart = {
  name: 'mtp',
  keys: /^mtp\./,
  sources: /^mtp\./,
  why: 'blocks for multi-token prediction, which speculative decoding alone uses',
};

/** Of a tied model: weights that were not saved by transformers may lack the copy. */
const TIED_OUTPUT: OptionalPart = {
  name: 'tied output layer',
  keys: /^lm_head\./,
  sources: /^embedding\./,
  why: 'a copy of the embedding, which the reference does without',
};

export const NEMOTRON_H: Family = {
  name: 'nemotron-h',
  architectures: ['NemotronHForCausalLM'],
  rules: [...hybridEnds(), ...hybridLayer(DECODER), ...mtpJoints(), ...hybridLayer(MTP)],
  demands: DEMANDS,
  optional: ({ tied }) => (tied ? [MTP_BLOCKS, TIED_OUTPUT] : [MTP_BLOCKS]),
  keepFloat32: ['backbone', 'mtp'].flatMap((stack) =>
    ['A_log', 'D', 'gate.weight', 'gate.e_score_correction_bias'].map((name) => `${stack}.layers.*.mixer.${name}`),
  ),
  dimensions: (config) => readNemotronH(config).dimensions,
  expected: (_, config) => nemotronHKeys(readNemotronH(config)),
  synthesize: synthesizeNemotronH,
};
