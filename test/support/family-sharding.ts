// Megatron's tensors of a Hugging Face model, family by family: the counterpart of the tables in src/models, written without them.
// Facts: megatron-core `sharded_state_dict`; transformers `modeling_*.py`.
import type { ModelConfig } from '../../src/models/types.ts';
import { shardDeepseek } from './family-sharding/deepseek.ts';
import { shardDeciLm, shardDense, shardGemma, shardNemotron } from './family-sharding/dense.ts';
import { shardGlm4, shardGlm4Moe } from './family-sharding/glm.ts';
import { shardGptOss } from './family-sharding/gpt-oss.ts';
import { shardNemotronH } from './family-sharding/nemotron-h.ts';
import { shardOlmo } from './family-sharding/olmo.ts';
import { shardMixtral, shardQwenMoe } from './family-sharding/routed.ts';
import { shardQwenHybrid } from './family-sharding/qwen-hybrid.ts';
import { Sharding, type Named, type Numbered, type Shard } from './family-sharding/sharding.ts';

/** By the name of the family. */
export const SHARDS: Readonly<Record<string, Shard>> = {
  decilm: shardDeciLm,
  'deepseek-v2': shardDeepseek,
  'deepseek-v3': shardDeepseek,
  glm4: shardGlm4,
  'glm4-moe': shardGlm4Moe,
  gemma2: shardGemma,
  gemma3: shardGemma,
  'gpt-oss': shardGptOss,
  llama: shardDense,
  mistral: shardDense,
  mixtral: shardMixtral,
  nemotron: shardNemotron,
  'nemotron-h': shardNemotronH,
  olmo2: shardOlmo,
  olmo3: shardOlmo,
  qwen2: shardDense,
  'qwen2-moe': shardQwenMoe,
  qwen3: shardDense,
  'qwen3-moe': shardQwenMoe,
  'qwen3-next': shardQwenHybrid,
  'qwen3.5': shardQwenHybrid,
  'qwen3.5-moe': shardQwenHybrid,
};

/** Megatron keys with a number for every layer and every expert. */
export function shardModel(family: string, hf: Named, config: ModelConfig): Map<string, Numbered> {
  const shard = SHARDS[family];
  if (!shard) throw new Error(`no way to shard ${family}: add one to test/support/family-sharding.ts`);
  const sharding = new Sharding(hf, config);
  shard(sharding);
  return sharding.out;
}
