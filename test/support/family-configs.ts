// Random small configs of each family.
import type { ModelConfig } from '../../src/models/types.ts';
import { pick } from './plan-random.ts';

/** Uniform in [0, 1). */
export type Random = () => number;

interface RandomConfig {
  readonly config: ModelConfig;
  /** Whether all layers are alike, so that Megatron may store them as one stack. */
  readonly uniform: boolean;
  /** Whether experts have no gate, so that Megatron stores no halves. */
  readonly gateless?: boolean;
}

const uniform = (config: ModelConfig): RandomConfig => ({ config, uniform: true });

/** By the name of the family. */
export const RANDOM_CONFIGS: Readonly<Record<string, (random: Random) => RandomConfig>> = {
  llama: (random) =>
    uniform({ ...decoder(random, 'LlamaForCausalLM'), attention_bias: flip(random), mlp_bias: flip(random) }),
  mistral: (random) => uniform(decoder(random, 'MistralForCausalLM')),
  qwen2: (random) => uniform(decoder(random, 'Qwen2ForCausalLM')),
  qwen3: (random) => uniform({ ...decoder(random, 'Qwen3ForCausalLM'), attention_bias: flip(random) }),
  'deepseek-v2': (random) => ({ config: deepseek(random, 'DeepseekV2ForCausalLM'), uniform: false }),
  'deepseek-v3': (random) => {
    const config = { ...deepseek(random, 'DeepseekV3ForCausalLM'), num_nextn_predict_layers: pick(random, 0, 2) };
    return { config, uniform: false };
  },
  'gpt-oss': (random) => {
    const { intermediate_size: moeFfn, ...more } = decoder(random, 'GptOssForCausalLM');
    return uniform({ ...more, intermediate_size: moeFfn, num_local_experts: pick(random, 1, 4), attention_bias: true });
  },
  'nemotron-h': (random) => ({ config: nemotron(random), uniform: false, gateless: true }),
  'qwen3-moe': (random) =>
    uniform({
      ...decoder(random, 'Qwen3MoeForCausalLM'),
      num_experts: pick(random, 1, 4),
      moe_intermediate_size: pick(random, 1, 4),
    }),
};

/** Latent attention with and without a latent for queries; at least one layer of each kind. */
function deepseek(random: Random, architecture: string): ModelConfig {
  const layers = pick(random, 2, 3);
  return {
    ...decoder(random, architecture),
    num_hidden_layers: layers,
    q_lora_rank: flip(random) ? null : pick(random, 1, 4),
    kv_lora_rank: pick(random, 1, 4),
    qk_nope_head_dim: pick(random, 1, 3),
    qk_rope_head_dim: pick(random, 1, 3),
    v_head_dim: pick(random, 1, 3),
    first_k_dense_replace: pick(random, 1, layers - 1),
    n_routed_experts: pick(random, 1, 4),
    n_shared_experts: pick(random, 1, 2),
    moe_intermediate_size: pick(random, 1, 4),
    num_nextn_predict_layers: 0,
  };
}

function nemotron(random: Random): ModelConfig {
  const kinds = ['M', 'E', '*', '-'];
  const pattern = (length: number): string => Array.from({ length }, () => kinds[pick(random, 0, 3)]).join('');
  const layers = pick(random, 1, 5);
  const mtp = flip(random);
  return {
    ...decoder(random, 'NemotronHForCausalLM'),
    num_hidden_layers: layers,
    hybrid_override_pattern: pattern(layers),
    // A tied model has its embedding twice, so its elements have no numbers of their own.
    tie_word_embeddings: false,
    mamba_num_heads: pick(random, 1, 3),
    mamba_head_dim: pick(random, 1, 3),
    n_groups: pick(random, 1, 2),
    ssm_state_size: pick(random, 1, 3),
    conv_kernel: pick(random, 1, 4),
    n_routed_experts: pick(random, 1, 4),
    moe_intermediate_size: pick(random, 1, 4),
    moe_shared_expert_intermediate_size: pick(random, 1, 4),
    moe_latent_size: flip(random) ? pick(random, 1, 4) : null,
    num_nextn_predict_layers: mtp ? 1 : 0,
    ...(mtp && { mtp_hybrid_override_pattern: pattern(pick(random, 1, 3)) }),
  };
}

function decoder(random: Random, architecture: string): ModelConfig {
  const groups = pick(random, 1, 3);
  return {
    architectures: [architecture],
    num_hidden_layers: pick(random, 1, 3),
    hidden_size: pick(random, 1, 5),
    num_key_value_heads: groups,
    num_attention_heads: groups * pick(random, 1, 3),
    head_dim: pick(random, 1, 3),
    intermediate_size: pick(random, 1, 4),
    vocab_size: pick(random, 1, 20),
    tie_word_embeddings: flip(random),
  };
}

function flip(random: Random): boolean {
  return random() < 0.4;
}

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

/** A config of each family in which no two sizes are alike that need not be: only equal by structure is equal by shape. */
export const TYPICAL_CONFIGS: Readonly<Record<string, ModelConfig>> = {
  llama: typicalDecoder('LlamaForCausalLM', { attention_bias: true, mlp_bias: true }),
  mistral: typicalDecoder('MistralForCausalLM', {}),
  qwen2: typicalDecoder('Qwen2ForCausalLM', {}),
  qwen3: typicalDecoder('Qwen3ForCausalLM', {}),
  'deepseek-v2': typicalDecoder('DeepseekV2ForCausalLM', { ...TYPICAL_LATENT, q_lora_rank: null }),
  'deepseek-v3': typicalDecoder('DeepseekV3ForCausalLM', { ...TYPICAL_LATENT, num_nextn_predict_layers: 1 }),
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
  'qwen3-moe': typicalDecoder('Qwen3MoeForCausalLM', { num_experts: 3, moe_intermediate_size: 7 }),
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
