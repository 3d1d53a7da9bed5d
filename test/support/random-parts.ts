// The parts of random configs: what several families share.
import type { ModelConfig } from '../../src/models/types.ts';
import { pick } from './plan-random.ts';

/** Uniform in [0, 1). */
export type Random = () => number;

export interface RandomConfig {
  readonly config: ModelConfig;
  /** Whether all layers are alike, so that Megatron may store them as one stack. */
  readonly uniform: boolean;
  /** Whether experts have no gate, so that Megatron stores no halves. */
  readonly gateless?: boolean;
}

/** Dense layers among those with experts, or none. */
export function qwenMoe(random: Random, architecture: string, more: ModelConfig): RandomConfig {
  const hasDense = flip(random);
  const config = {
    ...decoder(random, architecture),
    num_experts: pick(random, 1, 4),
    moe_intermediate_size: pick(random, 1, 4),
    ...(hasDense && { decoder_sparse_step: pick(random, 1, 2), mlp_only_layers: [pick(random, 0, 2)] }),
    ...more,
  };
  return { config, uniform: !hasDense };
}

/** Layers with a gated delta net and with attention in any order. */
export function qwenHybrid(random: Random, architecture: string): ModelConfig {
  const { num_hidden_layers: layers, ...more } = decoder(random, architecture);
  const keyHeads = pick(random, 1, 3);
  return {
    ...more,
    num_hidden_layers: layers,
    layer_types: Array.from({ length: Number(layers) }, () => (flip(random) ? 'full_attention' : 'linear_attention')),
    linear_num_key_heads: keyHeads,
    linear_num_value_heads: keyHeads * pick(random, 1, 3),
    linear_key_head_dim: pick(random, 1, 3),
    linear_value_head_dim: pick(random, 1, 3),
    linear_conv_kernel_dim: pick(random, 1, 4),
    attention_bias: flip(random),
    mtp_num_hidden_layers: flip(random) ? 1 : 0,
  };
}

export function sharedExperts(random: Random): ModelConfig {
  return {
    num_experts: pick(random, 1, 4),
    moe_intermediate_size: pick(random, 1, 4),
    shared_expert_intermediate_size: pick(random, 1, 4),
  };
}

/** Latent attention with and without a latent for queries; at least one layer of each kind. */
export function deepseek(random: Random, architecture: string): ModelConfig {
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

export function nemotron(random: Random): ModelConfig {
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

/** @returns a dense decoder */
export function decoder(random: Random, architecture: string): ModelConfig {
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

export function flip(random: Random): boolean {
  return random() < 0.4;
}

/** Dense layers before those with experts, and perhaps layers for multi-token prediction behind them. */
export function glmMoe(random: Random): ModelConfig {
  const layers = pick(random, 2, 3);
  return {
    ...decoder(random, 'Glm4MoeForCausalLM'),
    num_hidden_layers: layers,
    attention_bias: flip(random),
    use_qk_norm: flip(random),
    first_k_dense_replace: pick(random, 0, layers - 1),
    n_routed_experts: pick(random, 1, 4),
    n_shared_experts: pick(random, 1, 2),
    moe_intermediate_size: pick(random, 1, 4),
    num_nextn_predict_layers: pick(random, 0, 2),
  };
}

/** Layers that differ in query groups and width, with linear layers and gaps among them. Widths of `ffn_mult` are at least 256. */
export function deciLm(random: Random): ModelConfig {
  const config = decoder(random, 'DeciLMForCausalLM');
  const heads = Number(config['num_attention_heads']);
  const divisors = Array.from({ length: heads }, (_, k) => k + 1).filter((each) => heads % each === 0);
  const part = (whole: object): object => {
    const kind = pick(random, 0, 3);
    return { no_op: kind === 0, replace_with_linear: kind === 1, ...(kind > 1 && whole) };
  };
  return {
    ...config,
    num_key_value_heads: null,
    intermediate_size: null,
    attention_bias: flip(random),
    mlp_bias: flip(random),
    block_configs: Array.from({ length: Number(config['num_hidden_layers']) }, () => ({
      attention: part({ n_heads_in_group: divisors[pick(random, 0, divisors.length - 1)] }),
      ffn: part({ ffn_hidden_size: pick(random, 1, 4) }),
    })),
  };
}
