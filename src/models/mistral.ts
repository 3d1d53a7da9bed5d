// Mistral 7B and its successors: Llama's table without biases. `head_dim` need not be hidden_size / num_attention_heads (Nemo).
import { ATTENTION, ENDS, expectDenseDecoder, GATED_MLP, LAYER_NORMS } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import type { Family } from './types.ts';

export const MISTRAL: Family = {
  name: 'mistral',
  architectures: ['MistralForCausalLM'],
  rules: [...ENDS, ...LAYER_NORMS, ...ATTENTION, ...GATED_MLP],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 8, headDim: null }),
  expected: (dimensions) =>
    expectDenseDecoder(dimensions, {
      qkvBias: false,
      projectionBias: false,
      queryKeyNorms: false,
      mlpBias: false,
    }),
};
