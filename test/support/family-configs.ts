// Random small configs of each family.
import type { ModelConfig } from '../../src/models/types.ts';
import { pick } from './plan-random.ts';
import {
  decoder,
  deciLm,
  deepseek,
  flip,
  glmMoe,
  nemotron,
  qwenHybrid,
  qwenMoe,
  sharedExperts,
  type Random,
  type RandomConfig,
} from './random-parts.ts';

const uniform = (config: ModelConfig): RandomConfig => ({ config, uniform: true });

/** By the name of the family. */
export const RANDOM_CONFIGS: Readonly<Record<string, (random: Random) => RandomConfig>> = {
  llama: (random) =>
    uniform({ ...decoder(random, 'LlamaForCausalLM'), attention_bias: flip(random), mlp_bias: flip(random) }),
  mistral: (random) => uniform(decoder(random, 'MistralForCausalLM')),
  olmo2: (random) => uniform(decoder(random, 'Olmo2ForCausalLM')),
  olmo3: (random) => uniform(decoder(random, 'Olmo3ForCausalLM')),
  qwen2: (random) => uniform(decoder(random, 'Qwen2ForCausalLM')),
  qwen3: (random) => uniform({ ...decoder(random, 'Qwen3ForCausalLM'), attention_bias: flip(random) }),
  decilm: (random) => ({ config: deciLm(random), uniform: false }),
  'deepseek-v2': (random) => ({ config: deepseek(random, 'DeepseekV2ForCausalLM'), uniform: false }),
  'deepseek-v3': (random) => {
    const config = { ...deepseek(random, 'DeepseekV3ForCausalLM'), num_nextn_predict_layers: pick(random, 0, 2) };
    return { config, uniform: false };
  },
  glm4: (random) => uniform({ ...decoder(random, 'Glm4ForCausalLM'), attention_bias: !flip(random) }),
  'glm4-moe': (random) => ({ config: glmMoe(random), uniform: false }),
  gemma2: (random) => uniform({ ...decoder(random, 'Gemma2ForCausalLM'), attention_bias: flip(random) }),
  gemma3: (random) => uniform({ ...decoder(random, 'Gemma3ForCausalLM'), attention_bias: flip(random) }),
  'gpt-oss': (random) => {
    const { intermediate_size: moeFfn, ...more } = decoder(random, 'GptOssForCausalLM');
    return uniform({ ...more, intermediate_size: moeFfn, num_local_experts: pick(random, 1, 4), attention_bias: true });
  },
  nemotron: (random) =>
    uniform({ ...decoder(random, 'NemotronForCausalLM'), attention_bias: flip(random), mlp_bias: flip(random) }),
  'nemotron-h': (random) => ({ config: nemotron(random), uniform: false, gateless: true }),
  'qwen3-moe': (random) => qwenMoe(random, 'Qwen3MoeForCausalLM', { attention_bias: flip(random) }),
  'qwen2-moe': (random) =>
    qwenMoe(random, 'Qwen2MoeForCausalLM', {
      shared_expert_intermediate_size: pick(random, 1, 4),
      qkv_bias: !flip(random),
    }),
  'qwen3-next': (random) => {
    const hasDense = flip(random);
    const config = {
      ...qwenHybrid(random, 'Qwen3NextForCausalLM'),
      ...sharedExperts(random),
      ...(hasDense && { decoder_sparse_step: pick(random, 1, 2), mlp_only_layers: [pick(random, 0, 2)] }),
    };
    return { config, uniform: false };
  },
  'qwen3.5': (random) => ({ config: qwenHybrid(random, 'Qwen3_5ForCausalLM'), uniform: false }),
  'qwen3.5-moe': (random) => ({
    config: { ...qwenHybrid(random, 'Qwen3_5MoeForCausalLM'), ...sharedExperts(random) },
    uniform: false,
  }),
  mixtral: (random) => uniform({ ...decoder(random, 'MixtralForCausalLM'), num_local_experts: pick(random, 1, 4) }),
};
