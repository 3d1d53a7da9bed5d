// What the DeepSeek families share: latent attention, leading dense layers, then routed experts beside shared ones.
// Facts: Megatron-Bridge `models/deepseek/common.py`; transformers `models/deepseek_v2`, `models/deepseek_v3`.
import { gatedExperts, gatedMlp, MLP_NORM, router, rowsOf, type Stack } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { expertKeys, gatedMlpKeys, linearKeys, preNormKeys, type Keys } from './expected-keys.ts';
import { latentAttention, latentAttentionKeys, readLatentSizes, type LatentSizes } from './latent-attention.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Demand, ModelConfig, ModelDimensions, Rule } from './types.ts';

/** Values that transformers assumes when `config.json` leaves a field out (`configuration_deepseek_v2.py`, `..._v3.py`). */
export interface DeepseekDefaults {
  readonly experts: number;
  readonly sharedExperts: number;
  readonly moeFfn: number;
  readonly denseLayers: number;
}

/** Rows of one layer; a dense one has none of the experts. */
export function deepseekLayer(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    direct('input_layernorm.weight', 'input_layernorm.weight'),
    ...latentAttention(at),
    direct(MLP_NORM, 'post_attention_layernorm.weight'),
    ...gatedMlp(at),
    ...router(at),
    ...gatedExperts(at),
    ...gatedMlp(at, 'mlp.shared_experts', 'mlp.shared_experts'),
  ];
}

/** Sigmoid in V3; in V2 a softmax over all experts, of which the best keep their scores. */
export function demandDeepseek(scores: 'sigmoid' | 'softmax'): readonly Demand[] {
  return [
    ...demandLlamaLike({ queryKeyNorms: true, latentAttention: true, scaledExperts: true }),
    { names: ['moe_router_score_function'], accepts: [scores] },
    ...(scores === 'softmax' ? [{ names: ['moe_router_pre_softmax'], accepts: [true] }] : []),
  ];
}

/** `headDim` is that of the values, which the projection after attention takes; there are no query groups, whatever `config.json` says. */
export function readDeepseekDimensions(
  config: ModelConfig,
  defaults: DeepseekDefaults,
  more: (read: ConfigReader) => Partial<ModelDimensions> = () => ({}),
): ModelDimensions {
  return readConfig(config, (read) => {
    for (const name of ['attention_bias', 'mlp_bias']) {
      if (read.flag(name))
        read.complain(`${name} must be false, found true: Megatron's latent attention has no biases`);
    }
    if (!read.flag('rope_interleave', true)) {
      read.complain('rope_interleave must be true, found false: Megatron keeps the rotary dimensions in pairs');
    }
    const heads = read.count('num_attention_heads');
    const { latent, sharedFfn } = readDeepseekSizes(config, read, defaults);
    return {
      layers: read.count('num_hidden_layers'),
      hidden: read.count('hidden_size'),
      heads,
      queryGroups: heads,
      headDim: latent.valueDim,
      ffn: read.count('intermediate_size'),
      vocab: read.count('vocab_size'),
      tied: read.flag('tie_word_embeddings'),
      experts: read.count('n_routed_experts', defaults.experts),
      tensorSplits: { 'moe_intermediate_size x n_shared_experts': sharedFfn },
      ...more(read),
    };
  });
}

/** Shapes show how long a query or key head is, and not which part of it has positions. */
export function recordedLatents(config: ModelConfig): Readonly<Record<string, number>> {
  const { queryRank, keyValueRank, plainDim, rotaryDim } = readConfig(config, (read) => readLatentSizes(config, read));
  return {
    ...(queryRank !== null && { q_lora_rank: queryRank }),
    kv_lora_rank: keyValueRank,
    qk_head_dim: plainDim,
    qk_pos_emb_head_dim: rotaryDim,
  };
}

interface DeepseekSizes {
  readonly latent: LatentSizes;
  readonly moeFfn: number;
  readonly sharedFfn: number;
  readonly denseLayers: number;
}

function readDeepseekSizes(config: ModelConfig, read: ConfigReader, defaults: DeepseekDefaults): DeepseekSizes {
  const moeFfn = read.count('moe_intermediate_size', defaults.moeFfn);
  return {
    latent: readLatentSizes(config, read),
    moeFfn,
    sharedFfn: moeFfn * read.count('n_shared_experts', defaults.sharedExperts),
    denseLayers: read.countOrZero('first_k_dense_replace', defaults.denseLayers),
  };
}

/** Keys of layer `index`; a layer for multi-token prediction, behind the last one, has experts as well. */
export function deepseekLayerKeys(
  d: ModelDimensions,
  config: ModelConfig,
  defaults: DeepseekDefaults,
  routerKeys: Keys,
): (index: number) => Keys {
  const sizes = readConfig(config, (read) => readDeepseekSizes(config, read, defaults));
  const attended = latentAttentionKeys(d, sizes.latent);
  const experts = [
    ...expertKeys(d.experts ?? 0, 'mlp.experts', (expert) => gatedMlpKeys(expert, d.hidden, sizes.moeFfn)),
    ...linearKeys('mlp.gate', d.experts ?? 0, d.hidden),
    ...routerKeys,
    ...gatedMlpKeys('mlp.shared_experts', d.hidden, sizes.sharedFfn),
  ];
  const dense = gatedMlpKeys('mlp', d.hidden, d.ffn);
  return (index) => [...attended, ...(index < sizes.denseLayers ? dense : experts), ...preNormKeys(d.hidden)];
}
