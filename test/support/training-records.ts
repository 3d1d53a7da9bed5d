// What Megatron-Bridge writes into `run_config.yaml` for a model that was imported from a Hugging Face config, written without src/models.
// Facts: Megatron-Bridge `model_bridge.py` (`CONFIG_MAPPING`, `provider_bridge`), `llama_bridge.py`, `mistral_bridge.py`, `qwen2_bridge.py`,
// `qwen3_bridge.py`, `qwen3_moe_bridge.py`, `gpt_oss_bridge.py`, `deepseek_v3_bridge.py`, `nemotron_h_bridge.py`; defaults of megatron-core `TransformerConfig`.
import type { TrainingConfig } from '../../src/checkpoint/types.ts';

/** A config in the spelling of published models. */
export type Published = Readonly<Record<string, unknown>> & {
  readonly model_type: string;
  readonly num_hidden_layers: number;
};

type Values = Readonly<Record<string, unknown>>;

export function recordRun(config: Published): TrainingConfig {
  const more = BY_TYPE[config.model_type];
  if (!more) throw new Error(`no record for ${config.model_type}: add one to test/support/training-records.ts`);
  return { source: 'run_config.yaml', values: { ...recordDecoder(config), ...more(config) } };
}

function recordDecoder(config: Published): Values {
  const scaling = (config['rope_scaling'] ?? {}) as Readonly<Record<string, unknown>>;
  const isYarn = scaling['rope_type'] === 'yarn' && config.model_type !== 'deepseek_v3';
  return {
    num_layers: config.num_hidden_layers,
    hidden_size: config['hidden_size'],
    ffn_hidden_size: config['intermediate_size'],
    num_attention_heads: config['num_attention_heads'],
    num_query_groups: config['num_key_value_heads'],
    kv_channels: config['head_dim'],
    vocab_size: config['vocab_size'],
    seq_length: config['max_position_embeddings'],
    layernorm_epsilon: config['rms_norm_eps'] ?? config['layer_norm_epsilon'],
    share_embeddings_and_output_weights: config['tie_word_embeddings'],
    rotary_base: config['rope_theta'] ?? 10_000,
    rotary_percent: 1,
    position_embedding_type: isYarn ? 'yarn' : 'rope',
    rope_scaling: scaling['rope_type'] === 'llama3',
    rope_scaling_factor: scaling['rope_type'] === 'llama3' ? scaling['factor'] : 1,
    seq_len_interpolation_factor: scaling['rope_type'] === 'linear' ? scaling['factor'] : null,
    ...(isYarn && {
      yarn_rotary_scaling_factor: scaling['factor'],
      yarn_original_max_position_embeddings: scaling['original_max_position_embeddings'],
      yarn_beta_fast: scaling['beta_fast'],
      yarn_beta_slow: scaling['beta_slow'],
    }),
    normalization: 'RMSNorm',
    layernorm_zero_centered_gamma: false,
    gated_linear_unit: true,
    activation_func: 'torch.nn.functional.silu',
    add_bias_linear: false,
    add_qkv_bias: false,
    qk_layernorm: false,
    window_size: null,
    bf16: true,
    fp16: false,
    // Defaults of a model without experts.
    num_moe_experts: null,
    moe_router_topk: 2,
    moe_layer_freq: 1,
    moe_router_score_function: 'softmax',
    moe_router_pre_softmax: false,
  };
}

function recordExperts(config: Published): Values {
  return {
    num_moe_experts: config['num_experts'] ?? config['num_local_experts'] ?? config['n_routed_experts'],
    moe_ffn_hidden_size: config['moe_intermediate_size'] ?? config['intermediate_size'],
    moe_router_topk: config['num_experts_per_tok'],
    moe_router_num_groups: config['n_group'] ?? null,
    moe_router_group_topk: config['topk_group'] ?? null,
    moe_router_topk_scaling_factor: config['routed_scaling_factor'] ?? null,
  };
}

/** By `model_type`. */
const BY_TYPE: Readonly<Record<string, (config: Published) => Values>> = {
  llama: ({ attention_bias: bias }) => ({ add_bias_linear: bias === true, add_qkv_bias: bias === true }),
  mistral: ({ sliding_window: window }) => ({ window_size: typeof window === 'number' ? [window - 1, 0] : null }),
  qwen2: () => ({ add_qkv_bias: true }),
  qwen3: () => ({ qk_layernorm: true }),
  qwen3_moe: (config) => ({
    ...recordExperts(config),
    qk_layernorm: true,
    moe_router_pre_softmax: config['norm_topk_prob'] !== true,
    moe_layer_freq: 1,
  }),
  // Neither has a bridge: Megatron-LM's arguments for them, by the names of Megatron-Core.
  qwen2_moe: (config) => ({
    ...recordExperts(config),
    add_qkv_bias: true,
    moe_router_pre_softmax: config['norm_topk_prob'] !== true,
    moe_shared_expert_intermediate_size: config['shared_expert_intermediate_size'],
    moe_shared_expert_gate: true,
    moe_layer_freq: Array.from({ length: config.num_hidden_layers }, (_, layer) => (layer === 1 ? 0 : 1)),
  }),
  mixtral: (config) => ({
    ...recordExperts(config),
    window_size: [Number(config['sliding_window']) - 1, 0],
  }),
  gpt_oss: (config) => ({
    ...recordExperts(config),
    add_bias_linear: true,
    add_qkv_bias: true,
    activation_func: 'megatron.core.fusions.fused_bias_geglu.quick_gelu',
    activation_func_clamp_value: 7,
    glu_linear_offset: 1,
    softmax_type: 'learnable',
    window_size: [Number(config['sliding_window']) - 1, 0],
    window_attn_skip_freq: 2,
    yarn_correction_range_round_to_int: false,
    yarn_mscale: null,
    yarn_mscale_all_dim: null,
  }),
  deepseek_v3: recordDeepseek,
  nemotron_h: (config) => ({
    ...recordExperts(config),
    rotary_base: 10_000,
    position_embedding_type: 'none',
    gated_linear_unit: false,
    activation_func: 'megatron.core.activations.squared_relu',
    is_hybrid_model: true,
    hybrid_layer_pattern: config['hybrid_override_pattern'],
    mamba_num_heads: config['mamba_num_heads'],
    mamba_head_dim: config['mamba_head_dim'],
    mamba_num_groups: config['n_groups'],
    mamba_state_dim: config['ssm_state_size'],
    moe_router_score_function: 'sigmoid',
    moe_router_enable_expert_bias: true,
    moe_shared_expert_intermediate_size: config['moe_shared_expert_intermediate_size'],
    moe_latent_size: config['moe_latent_size'] ?? null,
    mtp_num_layers: config['num_nextn_predict_layers'] ?? 0,
    mtp_hybrid_override_pattern: config['mtp_hybrid_override_pattern'] ?? null,
    fp32_residual_connection: config['residual_in_fp32'] ?? false,
  }),
};

function recordDeepseek(config: Published): Values {
  const dense = Number(config['first_k_dense_replace']);
  const scaling = config['rope_scaling'] as Readonly<Record<string, unknown>> | null;
  return {
    ...recordExperts(config),
    multi_latent_attention: true,
    qk_layernorm: true,
    q_lora_rank: config['q_lora_rank'],
    kv_lora_rank: config['kv_lora_rank'],
    qk_head_dim: config['qk_nope_head_dim'],
    qk_pos_emb_head_dim: config['qk_rope_head_dim'],
    v_head_dim: config['v_head_dim'],
    kv_channels: config['qk_rope_head_dim'],
    rope_type: 'yarn',
    rotary_scaling_factor: scaling?.['factor'] ?? 1,
    original_max_position_embeddings: scaling?.['original_max_position_embeddings'] ?? 4096,
    beta_fast: scaling?.['beta_fast'] ?? 32,
    beta_slow: scaling?.['beta_slow'] ?? 1,
    mscale: scaling?.['mscale'] ?? 1,
    mscale_all_dim: scaling?.['mscale_all_dim'] ?? 1,
    moe_router_score_function: 'sigmoid',
    moe_router_pre_softmax: true,
    moe_router_enable_expert_bias: true,
    moe_shared_expert_intermediate_size: Number(config['moe_intermediate_size']) * Number(config['n_shared_experts']),
    moe_layer_freq: Array.from({ length: config.num_hidden_layers }, (_, layer) => (layer < dense ? 0 : 1)),
    mtp_num_layers: config['num_nextn_predict_layers'] === 0 ? null : config['num_nextn_predict_layers'],
  };
}
