// One config of each family for the mutation test.
import type { ModelConfig } from '../../src/models/types.ts';

const TYPICAL_LATENT: ModelConfig = {
  q_lora_rank: 7,
  kv_lora_rank: 9,
  qk_nope_head_dim: 3,
  qk_rope_head_dim: 2,
  v_head_dim: 5,
  first_k_dense_replace: 1,
  n_routed_experts: 3,
  n_shared_experts: 2,
  moe_intermediate_size: 8,
  num_nextn_predict_layers: 0,
};

const TYPICAL_HYBRID: ModelConfig = {
  layer_types: ['linear_attention', 'full_attention'],
  linear_num_key_heads: 2,
  linear_num_value_heads: 6,
  linear_key_head_dim: 3,
  linear_value_head_dim: 5,
  linear_conv_kernel_dim: 4,
};

const TYPICAL_SHARED_EXPERTS: ModelConfig = {
  num_experts: 3,
  moe_intermediate_size: 7,
  shared_expert_intermediate_size: 9,
};

/** A config of each family in which no two sizes are alike that need not be: only equal by structure is equal by shape. */
export const TYPICAL_CONFIGS: Readonly<Record<string, ModelConfig>> = {
  llama: typicalDecoder('LlamaForCausalLM', { attention_bias: true, mlp_bias: true }),
  mistral: typicalDecoder('MistralForCausalLM', {}),
  olmo2: typicalDecoder('Olmo2ForCausalLM', {}),
  olmo3: typicalDecoder('Olmo3ForCausalLM', {}),
  qwen2: typicalDecoder('Qwen2ForCausalLM', {}),
  qwen3: typicalDecoder('Qwen3ForCausalLM', {}),
  'deepseek-v2': typicalDecoder('DeepseekV2ForCausalLM', { ...TYPICAL_LATENT, q_lora_rank: null }),
  'deepseek-v3': typicalDecoder('DeepseekV3ForCausalLM', { ...TYPICAL_LATENT, num_nextn_predict_layers: 1 }),
  glm4: typicalDecoder('Glm4ForCausalLM', {}),
  'glm4-moe': typicalDecoder('Glm4MoeForCausalLM', {
    attention_bias: true,
    use_qk_norm: true,
    first_k_dense_replace: 1,
    n_routed_experts: 3,
    n_shared_experts: 2,
    moe_intermediate_size: 8,
    num_nextn_predict_layers: 1,
  }),
  'gpt-oss': typicalDecoder('GptOssForCausalLM', { num_local_experts: 3, attention_bias: true }),
  'nemotron-h': typicalDecoder('NemotronHForCausalLM', {
    num_hidden_layers: 4,
    hybrid_override_pattern: 'ME*-',
    mamba_num_heads: 3,
    mamba_head_dim: 7,
    n_groups: 2,
    ssm_state_size: 8,
    conv_kernel: 4,
    n_routed_experts: 3,
    moe_intermediate_size: 9,
    moe_shared_expert_intermediate_size: 12,
    moe_latent_size: 5,
    num_nextn_predict_layers: 1,
    mtp_hybrid_override_pattern: '*E',
  }),
  mixtral: typicalDecoder('MixtralForCausalLM', { num_local_experts: 3 }),
  'qwen2-moe': typicalDecoder('Qwen2MoeForCausalLM', {
    num_experts: 3,
    moe_intermediate_size: 7,
    shared_expert_intermediate_size: 9,
    num_hidden_layers: 3,
    mlp_only_layers: [1],
  }),
  'qwen3-moe': typicalDecoder('Qwen3MoeForCausalLM', {
    num_experts: 3,
    moe_intermediate_size: 7,
    num_hidden_layers: 3,
    mlp_only_layers: [1],
    attention_bias: true,
  }),
  'qwen3-next': typicalDecoder('Qwen3NextForCausalLM', {
    ...TYPICAL_HYBRID,
    ...TYPICAL_SHARED_EXPERTS,
    mlp_only_layers: [1],
    attention_bias: true,
  }),
  'qwen3.5': typicalDecoder('Qwen3_5ForCausalLM', TYPICAL_HYBRID),
  'qwen3.5-moe': typicalDecoder('Qwen3_5MoeForCausalLM', { ...TYPICAL_HYBRID, ...TYPICAL_SHARED_EXPERTS }),
  gemma2: typicalDecoder('Gemma2ForCausalLM', {}),
  gemma3: typicalDecoder('Gemma3ForCausalLM', { attention_bias: true }),
  nemotron: typicalDecoder('NemotronForCausalLM', { attention_bias: true, mlp_bias: true }),
  decilm: typicalDecoder('DeciLMForCausalLM', {
    num_hidden_layers: 3,
    num_key_value_heads: null,
    intermediate_size: null,
    block_configs: [
      { attention: { n_heads_in_group: 3 }, ffn: { replace_with_linear: true } },
      { attention: { replace_with_linear: true }, ffn: { ffn_hidden_size: 11 } },
      { attention: { n_heads_in_group: 2 }, ffn: { no_op: true } },
    ],
  }),
};

function typicalDecoder(architecture: string, more: ModelConfig): ModelConfig {
  return {
    architectures: [architecture],
    num_hidden_layers: 2,
    hidden_size: 10,
    num_key_value_heads: 2,
    num_attention_heads: 6,
    head_dim: 4,
    intermediate_size: 11,
    vocab_size: 13,
    tie_word_embeddings: false,
    ...more,
  };
}
