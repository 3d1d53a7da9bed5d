// Qwen2 and Qwen2.5, dense: Llama's table with a bias on q, k and v, always; small ones are tied.
import { attention, DECODER, ends, gatedMlp, layerNorms, qkvBias } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { denseDecoderKeys } from './expected-keys.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import type { Family } from './types.ts';

export const QWEN2: Family = {
  name: 'qwen2',
  architectures: ['Qwen2ForCausalLM'],
  rules: [...ends(), ...layerNorms(DECODER), ...attention(DECODER), ...qkvBias(DECODER), ...gatedMlp(DECODER)],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 32, headDim: null }),
  expected: (dimensions) => denseDecoderKeys(dimensions, { qkvBias: true }),
  synthesize: (record) => {
    const { linear, qkv } = readBiases(record);
    if (linear || !qkv) record.complain('add_qkv_bias must be true and add_bias_linear false');
    if (readWindow(record) !== null) record.complain('a sliding window (window_size) is not possible');
    return { ...synthesizeLlamaLike(record), model_type: 'qwen2', use_sliding_window: false };
  },
};
