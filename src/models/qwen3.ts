// Qwen3, dense: Llama's table with norms on each query and key head; `attention_bias` follows config.json.
import { attention, DECODER, ends, gatedMlp, layerNorms, projectionBias, qkvBias, queryKeyNorms } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { denseDecoderKeys } from './expected-keys.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import type { Family } from './types.ts';

export const QWEN3: Family = {
  name: 'qwen3',
  architectures: ['Qwen3ForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    ...queryKeyNorms(DECODER),
    ...gatedMlp(DECODER),
  ],
  demands: demandLlamaLike({ queryKeyNorms: true }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 32, headDim: 128 }),
  expected: (dimensions, config) => {
    const bias = config['attention_bias'] === true;
    return denseDecoderKeys(dimensions, { qkvBias: bias, projectionBias: bias, queryKeyNorms: true });
  },
  synthesize: (record) => {
    // `attention_bias` would put one behind attention as well, and Megatron has it there only together with one in the MLP.
    if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
    if (readWindow(record) !== null) record.complain('a sliding window (window_size) is not possible');
    const positions = { attention_bias: false, use_sliding_window: false };
    return { ...synthesizeLlamaLike(record), ...positions, model_type: 'qwen3' };
  },
};
