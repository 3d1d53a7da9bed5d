// Qwen3, dense: Llama's table with norms on each query and key head; `attention_bias` follows config.json.
import {
  ATTENTION,
  ENDS,
  expectDenseDecoder,
  GATED_MLP,
  LAYER_NORMS,
  PROJECTION_BIAS,
  QKV_BIAS,
  QUERY_KEY_NORMS,
} from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions, readFlag } from './dimensions.ts';
import type { Family } from './types.ts';

export const QWEN3: Family = {
  name: 'qwen3',
  architectures: ['Qwen3ForCausalLM'],
  rules: [...ENDS, ...LAYER_NORMS, ...ATTENTION, ...QKV_BIAS, ...PROJECTION_BIAS, ...QUERY_KEY_NORMS, ...GATED_MLP],
  demands: demandLlamaLike({ queryKeyNorms: true }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 32, headDim: 128 }),
  expected: (dimensions, config) =>
    expectDenseDecoder(dimensions, {
      qkvBias: readFlag(config, 'attention_bias'),
      projectionBias: readFlag(config, 'attention_bias'),
      queryKeyNorms: true,
      mlpBias: false,
    }),
};
