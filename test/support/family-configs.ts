// Random small configs of each family.
import type { ModelConfig } from '../../src/models/types.ts';
import { pick } from './plan-random.ts';

/** Uniform in [0, 1). */
export type Random = () => number;

interface RandomConfig {
  readonly config: ModelConfig;
  /** Whether all layers are alike, so that Megatron may store them as one stack. */
  readonly uniform: boolean;
}

const uniform = (config: ModelConfig): RandomConfig => ({ config, uniform: true });

/** By the name of the family. */
export const RANDOM_CONFIGS: Readonly<Record<string, (random: Random) => RandomConfig>> = {
  llama: (random) =>
    uniform({ ...decoder(random, 'LlamaForCausalLM'), attention_bias: flip(random), mlp_bias: flip(random) }),
  mistral: (random) => uniform(decoder(random, 'MistralForCausalLM')),
  qwen2: (random) => uniform(decoder(random, 'Qwen2ForCausalLM')),
  qwen3: (random) => uniform({ ...decoder(random, 'Qwen3ForCausalLM'), attention_bias: flip(random) }),
  'qwen3-moe': (random) =>
    uniform({
      ...decoder(random, 'Qwen3MoeForCausalLM'),
      num_experts: pick(random, 1, 4),
      moe_intermediate_size: pick(random, 1, 4),
    }),
};

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

/** A config of each family in which no two sizes are alike that need not be: only equal by structure is equal by shape. */
export const TYPICAL_CONFIGS: Readonly<Record<string, ModelConfig>> = {
  llama: typicalDecoder('LlamaForCausalLM', { attention_bias: true, mlp_bias: true }),
  mistral: typicalDecoder('MistralForCausalLM', {}),
  qwen2: typicalDecoder('Qwen2ForCausalLM', {}),
  qwen3: typicalDecoder('Qwen3ForCausalLM', {}),
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
