// What the Qwen families with routed experts share: which layers have experts, and how the scores become the weights of the best.
// Facts: transformers `models/qwen2_moe`, `models/qwen3_moe`; Megatron-Core `transformer/moe/moe_utils.py`; Megatron-Bridge
// `models/qwen/qwen3_moe_bridge.py`.
import { demandLlamaLike } from './demands.ts';
import { expertKeys, gatedMlpKeys, linearKeys, type Keys } from './expected-keys.ts';
import { sparseByStep } from './layer-frequency.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Demand, ModelConfig, ModelDimensions } from './types.ts';

/** The router scores by softmax. */
export function demandQwenMoe({ queryKeyNorms }: { readonly queryKeyNorms: boolean }): readonly Demand[] {
  return [...demandLlamaLike({ queryKeyNorms }), { names: ['moe_router_score_function'], accepts: ['softmax'] }];
}

/**
 * Weights of the best experts that add up to one are what a softmax over the best alone gives; without `norm_topk_prob` the softmax goes over
 * all experts first.
 */
export function recordedTopExperts(config: ModelConfig): Readonly<Record<string, boolean>> {
  return { moe_router_pre_softmax: !readConfig(config, (read) => read.flag('norm_topk_prob')) };
}

/** Which layers have experts, and how wide one expert is. */
export interface Sparsity {
  /** Inner features of one expert. */
  readonly moeFfn: number;
  readonly isSparse: (layer: number) => boolean;
}

/** Every `decoder_sparse_step`-th layer has experts, but for those of `mlp_only_layers`. */
export function readSparsity(config: ModelConfig, read: ConfigReader, defaultMoeFfn: number): Sparsity {
  const step = read.count('decoder_sparse_step', 1);
  const dense: unknown = config['mlp_only_layers'] ?? [];
  if (!Array.isArray(dense) || !dense.every((layer) => Number.isSafeInteger(layer))) {
    read.complain(`mlp_only_layers must be a list of layer numbers, found ${JSON.stringify(dense)}`);
    return { moeFfn: 1, isSparse: () => true };
  }
  return {
    moeFfn: read.count('moe_intermediate_size', defaultMoeFfn),
    isSparse: sparseByStep(step, dense),
  };
}

/** The router and the experts of one layer. */
export function routedKeys({ experts, hidden }: ModelDimensions, moeFfn: number): Keys {
  const count = experts ?? 0;
  return [
    ...linearKeys('mlp.gate', count, hidden),
    ...expertKeys(count, 'mlp.experts', (expert) => gatedMlpKeys(expert, hidden, moeFfn)),
  ];
}
