// Mistral 7B and its successors: Llama's table without biases. `head_dim` need not be hidden_size / num_attention_heads (Nemo).
import { attention, DECODER, ends, gatedMlp, layerNorms } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { denseDecoderKeys } from './expected-keys.ts';
import type { Family } from './types.ts';

export const MISTRAL: Family = {
  name: 'mistral',
  architectures: ['MistralForCausalLM'],
  rules: [...ends(), ...layerNorms(DECODER), ...attention(DECODER), ...gatedMlp(DECODER)],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 8, headDim: null }),
  expected: (dimensions) => denseDecoderKeys(dimensions, {}),
};
