// Megatron's tensors of a Hugging Face model, family by family: the counterpart of the tables in src/models, written without them.
// Facts: megatron-core `sharded_state_dict`; transformers `modeling_*.py`.
import type { ModelConfig } from '../../src/models/types.ts';
import { shardDeepseek } from './family-sharding/deepseek.ts';
import { shardDense, shardQwen3Moe } from './family-sharding/dense.ts';
import { shardGptOss } from './family-sharding/gpt-oss.ts';
import { shardNemotronH } from './family-sharding/nemotron-h.ts';
import { Sharding, type Named, type Numbered, type Shard } from './family-sharding/sharding.ts';

/** By the name of the family. */
export const SHARDS: Readonly<Record<string, Shard>> = {
  'deepseek-v2': shardDeepseek,
  'deepseek-v3': shardDeepseek,
  'gpt-oss': shardGptOss,
  llama: shardDense,
  mistral: shardDense,
  'nemotron-h': shardNemotronH,
  qwen2: shardDense,
  qwen3: shardDense,
  'qwen3-moe': shardQwen3Moe,
};

/** Megatron keys with a number for every layer and every expert. */
export function shardModel(family: string, hf: Named, config: ModelConfig): Map<string, Numbered> {
  const shard = SHARDS[family];
  if (!shard) throw new Error(`no way to shard ${family}: add one to test/support/family-sharding.ts`);
  const sharding = new Sharding(hf, config);
  shard(sharding);
  return sharding.out;
}
