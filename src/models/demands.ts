// What a family demands of settings that leave the shape of every tensor alone and change what the numbers mean.
// Facts: Megatron-Core `TransformerConfig`, Megatron-LM's arguments (`apply_layernorm_1p`, `swiglu`), transformers `models/*/modeling_*.py`.
import type { Demand } from './types.ts';

/** Which optional parts attention has. */
export interface AttentionDemands {
  readonly queryKeyNorms: boolean;
  readonly latentAttention?: boolean;
}

/** Demands of a decoder with RMS norms, rotary embeddings of the whole head and a gated MLP with SiLU. */
export function demandLlamaLike({ queryKeyNorms, latentAttention = false }: AttentionDemands): readonly Demand[] {
  return [
    { names: ['layernorm_zero_centered_gamma', 'apply_layernorm_1p'], accepts: [false] },
    { names: ['normalization'], accepts: ['RMSNorm'] },
    { names: ['apply_residual_connection_post_layernorm'], accepts: [false] },
    { names: ['gated_linear_unit', 'swiglu'], accepts: [true] },
    { names: ['activation_func'], accepts: ['silu', 'swish'] },
    { names: ['squared_relu', 'quick_geglu', 'openai_gelu'], accepts: [false] },
    { names: ['position_embedding_type'], accepts: ['rope', 'yarn'] },
    { names: ['rotary_interleaved'], accepts: [false] },
    { names: ['rotary_percent'], accepts: [1] },
    { names: ['qk_layernorm'], accepts: [queryKeyNorms] },
    { names: ['attention_output_gate'], accepts: [false] },
    { names: ['multi_latent_attention'], accepts: [latentAttention] },
  ];
}
