// Multi-head latent attention: queries, keys and values come out of compressed latents, each normed before it is expanded.
// Facts: Megatron-Core `transformer/multi_latent_attention.py` (with mla_down_proj_fusion it stores the two projections apart all the same)
// and the specs in `models/gpt/gpt_layer_specs.py`; Megatron-Bridge `models/deepseek/common.py`; transformers `models/deepseek_v3`.
import { rowsOf, type Stack } from './blocks.ts';
import { linearKeys, normKeys, type Keys } from './expected-keys.ts';
import type { ConfigReader } from './read-config.ts';
import type { ModelConfig, ModelDimensions, Rule } from './types.ts';

/** Sizes of the latents and of the parts of a head. */
export interface LatentSizes {
  /** Null: queries are projected without a latent. */
  readonly queryRank: number | null;
  readonly keyValueRank: number;
  /** Part of a query or key head without, and with positions. */
  readonly plainDim: number;
  readonly rotaryDim: number;
  readonly valueDim: number;
}

/** Values that transformers assumes when `config.json` leaves a field out; both DeepSeek families have the same. */
const DEFAULTS = { kv_lora_rank: 512, qk_nope_head_dim: 128, qk_rope_head_dim: 64, v_head_dim: 128 } as const;
const DEFAULT_QUERY_RANK = 1536;

/** Null means no latent for queries, absent means the default. */
export function readLatentSizes(config: ModelConfig, read: ConfigReader): LatentSizes {
  const count = (name: keyof typeof DEFAULTS): number => read.count(name, DEFAULTS[name]);
  return {
    queryRank: config['q_lora_rank'] === null ? null : read.count('q_lora_rank', DEFAULT_QUERY_RANK),
    keyValueRank: count('kv_lora_rank'),
    plainDim: count('qk_nope_head_dim'),
    rotaryDim: count('qk_rope_head_dim'),
    valueDim: count('v_head_dim'),
  };
}

export function latentAttention(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    direct('self_attention.linear_q_proj.weight', 'self_attn.q_proj.weight'),
    direct('self_attention.linear_q_down_proj.weight', 'self_attn.q_a_proj.weight'),
    direct(norm('linear_q_up_proj', 'q_layernorm'), 'self_attn.q_a_layernorm.weight'),
    direct('self_attention.linear_q_up_proj.weight', 'self_attn.q_b_proj.weight'),
    direct('self_attention.linear_kv_down_proj.weight', 'self_attn.kv_a_proj_with_mqa.weight'),
    direct(norm('linear_kv_up_proj', 'kv_layernorm'), 'self_attn.kv_a_layernorm.weight'),
    direct('self_attention.linear_kv_up_proj.weight', 'self_attn.kv_b_proj.weight'),
    direct('self_attention.linear_proj.weight', 'self_attn.o_proj.weight'),
  ];
}

/** The norm of a latent is fused into the projection behind it by Transformer Engine, or on its own. */
function norm(fused: string, own: string): readonly string[] {
  return [`self_attention.${fused}.layer_norm_weight`, `self_attention.${own}.weight`];
}

export function latentAttentionKeys({ hidden, heads }: ModelDimensions, sizes: LatentSizes): Keys {
  const { queryRank, keyValueRank, plainDim, rotaryDim, valueDim } = sizes;
  const queries = heads * (plainDim + rotaryDim);
  const queryKeys =
    queryRank === null
      ? linearKeys('self_attn.q_proj', queries, hidden)
      : [
          ...linearKeys('self_attn.q_a_proj', queryRank, hidden),
          ...normKeys('self_attn.q_a_layernorm', queryRank),
          ...linearKeys('self_attn.q_b_proj', queries, queryRank),
        ];
  return [
    ...queryKeys,
    ...linearKeys('self_attn.kv_a_proj_with_mqa', keyValueRank + rotaryDim, hidden),
    ...normKeys('self_attn.kv_a_layernorm', keyValueRank),
    ...linearKeys('self_attn.kv_b_proj', heads * (plainDim + valueDim), keyValueRank),
    ...linearKeys('self_attn.o_proj', hidden, heads * valueDim),
  ];
}
