// Mistral 7B and its successors: Llama's table without biases. `head_dim` need not be hidden_size / num_attention_heads (Nemo).
import { attention, DECODER, ends, gatedMlp, layerNorms } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { denseDecoderKeys } from './expected-keys.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import type { Family } from './types.ts';

export const MISTRAL: Family = {
  name: 'mistral',
  architectures: ['MistralForCausalLM'],
  rules: [...ends(), ...layerNorms(DECODER), ...attention(DECODER), ...gatedMlp(DECODER)],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 8, headDim: null }),
  expected: (dimensions) => denseDecoderKeys(dimensions, {}),
  synthesize: (record) => {
    const window = readWindow(record);
    if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
    // Without a window both families compute the same, and Llama's is the one that everything reads.
    if (window === null && !record.isNamed('mistral'))
      record.complain('neither a window_size nor the name was recorded');
    if (record.value('window_attn_skip_freq') != null) record.complain('layers without window are not possible');
    return { ...synthesizeLlamaLike(record), model_type: 'mistral', sliding_window: window };
  },
};
