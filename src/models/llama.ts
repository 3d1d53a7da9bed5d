// Llama 2, 3, 3.1, 3.2 and models that share its architecture. `attention_bias` and `mlp_bias` follow config.json.
import {
  ATTENTION,
  ENDS,
  expectDenseDecoder,
  GATED_MLP,
  GATED_MLP_BIAS,
  LAYER_NORMS,
  PROJECTION_BIAS,
  QKV_BIAS,
} from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions, readFlag } from './dimensions.ts';
import type { Family } from './types.ts';

export const LLAMA: Family = {
  name: 'llama',
  architectures: ['LlamaForCausalLM'],
  rules: [...ENDS, ...LAYER_NORMS, ...ATTENTION, ...QKV_BIAS, ...PROJECTION_BIAS, ...GATED_MLP, ...GATED_MLP_BIAS],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: null, headDim: null }),
  expected: (dimensions, config) =>
    expectDenseDecoder(dimensions, {
      qkvBias: readFlag(config, 'attention_bias'),
      projectionBias: readFlag(config, 'attention_bias'),
      queryKeyNorms: false,
      mlpBias: readFlag(config, 'mlp_bias'),
    }),
};
