// What a family demands of settings that leave the shape of every tensor alone and change what the numbers mean.
// Facts: Megatron-Core `TransformerConfig`, Megatron-LM's arguments (`apply_layernorm_1p`, `swiglu`), transformers `models/*/modeling_*.py`.
import type { Demand } from './types.ts';

/** Which optional parts attention has. */
export interface AttentionDemands {
  /** Null: config.json says it, and the keys of the checkpoint show it. */
  readonly queryKeyNorms: boolean | null;
  readonly latentAttention?: boolean;
  /** 'part': how much of a head is rotated, config.json says, and a difference is a warning. */
  readonly rotary?: 'whole head' | 'part';
  /** Whether neighbours are rotated together, instead of the halves of a head. */
  readonly rotaryInterleaved?: boolean;
  /** Whether norms multiply by one more than their weight. */
  readonly zeroCentredNorms?: boolean;
  /** Whether attention has a gate as large as its queries. */
  readonly outputGate?: boolean;
  readonly normalization?: 'RMSNorm' | 'LayerNorm';
  readonly mlp?: 'gated SiLU' | 'gated GELU' | 'squared ReLU';
  /** Whether config.json can scale or cap the scores of attention. */
  readonly scaledScores?: boolean;
  /** Whether config.json can scale what the experts give. */
  readonly scaledExperts?: boolean;
}

/** Layers without positions among others, which no field of these configs expresses: a run that set it made another model. */
export const EVERY_LAYER_ROTATED: Demand = { names: ['no_rope_freq'], accepts: [0, false] };
/** Scores of attention scaled by the root of the head's size. */
export const PLAIN_SCORES: Demand = { names: ['softmax_scale'], accepts: [] };
/** Gates of experts and MLP as they are. */
export const UNCLAMPED_MLP: readonly Demand[] = [
  { names: ['glu_linear_offset'], accepts: [0] },
  { names: ['activation_func_clamp_value'], accepts: [] },
];
export const UNSCALED_EXPERTS: Demand = { names: ['moe_router_topk_scaling_factor'], accepts: [1] };

const MLP: Readonly<Record<NonNullable<AttentionDemands['mlp']>, readonly Demand[]>> = {
  'gated SiLU': [
    { names: ['gated_linear_unit', 'swiglu'], accepts: [true] },
    { names: ['activation_func'], accepts: ['silu', 'swish'] },
    { names: ['squared_relu', 'quick_geglu', 'openai_gelu'], accepts: [false] },
  ],
  'gated GELU': [
    { names: ['gated_linear_unit'], accepts: [true] },
    // All but the last by the formula with tanh; the last differs from these by less than bfloat16 shows.
    { names: ['activation_func'], accepts: ['fast_gelu', 'openai_gelu', 'gelu'] },
    { names: ['swiglu', 'squared_relu', 'quick_geglu'], accepts: [false] },
  ],
  'squared ReLU': [
    { names: ['gated_linear_unit', 'swiglu', 'quick_geglu', 'openai_gelu'], accepts: [false] },
    { names: ['activation_func'], accepts: ['squared_relu'] },
    { names: ['squared_relu'], accepts: [true] },
  ],
};

/** Demands of a decoder with rotary embeddings, and with RMS norms and a gated MLP with SiLU unless it is said otherwise. */
export function demandLlamaLike({
  queryKeyNorms,
  latentAttention = false,
  rotary = 'whole head',
  rotaryInterleaved = false,
  zeroCentredNorms = false,
  outputGate = false,
  normalization = 'RMSNorm',
  mlp = 'gated SiLU',
  scaledScores = false,
  scaledExperts = false,
}: AttentionDemands): readonly Demand[] {
  return [
    { names: ['layernorm_zero_centered_gamma', 'apply_layernorm_1p'], accepts: [zeroCentredNorms] },
    { names: ['normalization'], accepts: [normalization] },
    { names: ['apply_residual_connection_post_layernorm'], accepts: [false] },
    ...MLP[mlp],
    { names: ['position_embedding_type'], accepts: ['rope', 'yarn'] },
    { names: ['rotary_interleaved'], accepts: [rotaryInterleaved] },
    ...(rotary === 'part' ? [] : [{ names: ['rotary_percent'], accepts: [1] }]),
    ...(queryKeyNorms === null ? [] : [{ names: ['qk_layernorm'], accepts: [queryKeyNorms] }]),
    { names: ['attention_output_gate'], accepts: [outputGate] },
    { names: ['multi_latent_attention'], accepts: [latentAttention] },
    EVERY_LAYER_ROTATED,
    ...UNCLAMPED_MLP,
    ...(scaledScores
      ? []
      : [PLAIN_SCORES, { names: ['attn_logit_softcapping', 'final_logit_softcapping'], accepts: [0] }]),
    ...(scaledExperts ? [] : [UNSCALED_EXPERTS]),
  ];
}
