// Qwen2 and Qwen2.5, dense: Llama's table with a bias on q, k and v, always; small ones are tied.
import { ATTENTION, ENDS, expectDenseDecoder, GATED_MLP, LAYER_NORMS, QKV_BIAS } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import type { Family } from './types.ts';

export const QWEN2: Family = {
  name: 'qwen2',
  architectures: ['Qwen2ForCausalLM'],
  rules: [...ENDS, ...LAYER_NORMS, ...ATTENTION, ...QKV_BIAS, ...GATED_MLP],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 32, headDim: null }),
  expected: (dimensions) =>
    expectDenseDecoder(dimensions, {
      qkvBias: true,
      projectionBias: false,
      queryKeyNorms: false,
      mlpBias: false,
    }),
};
