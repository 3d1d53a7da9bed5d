// Llama 2, 3, 3.1, 3.2 and models that share its architecture. `attention_bias` and `mlp_bias` follow config.json.
import { attention, DECODER, ends, gatedMlp, gatedMlpBias, layerNorms, projectionBias, qkvBias } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { denseDecoderKeys } from './expected-keys.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import type { Family } from './types.ts';

export const LLAMA: Family = {
  name: 'llama',
  architectures: ['LlamaForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    ...gatedMlp(DECODER),
    ...gatedMlpBias(DECODER),
  ],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: null, headDim: null }),
  expected: (dimensions, config) => {
    const bias = config['attention_bias'] === true;
    return denseDecoderKeys(dimensions, {
      qkvBias: bias,
      projectionBias: bias,
      mlpBias: config['mlp_bias'] === true,
    });
  },
  synthesize: (record) => {
    const { linear, qkv } = readBiases(record);
    if (qkv && !linear) record.complain('a bias on query, key and value alone (add_qkv_bias) is not possible');
    if (readWindow(record) !== null) record.complain('a sliding window (window_size) is not possible');
    return { ...synthesizeLlamaLike(record), model_type: 'llama', attention_bias: linear, mlp_bias: linear };
  },
};
