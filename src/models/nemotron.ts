// Nemotron-4 and Minitron: layer norms with biases, centred at zero on both sides, rotary embeddings of a part of the head, squared ReLU without
// a gate. Facts: Megatron-Bridge `models/nemotron/nemotron_bridge.py`; transformers `models/nemotron`.
import {
  attention,
  DECODER,
  ends,
  INPUT_NORM,
  layerNorms,
  MLP_NORM,
  plainMlp,
  projectionBias,
  qkvBias,
  rowsOf,
} from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { attentionKeys, decoderKeys, plainMlpKeys, type Keys } from './expected-keys.ts';
import type { Family, Rule } from './types.ts';

const NAMES = { embedding: 'model.embed_tokens', layers: 'model.layers', norm: 'model.norm', normBias: true };

export const NEMOTRON: Family = {
  name: 'nemotron',
  architectures: ['NemotronForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    ...normBiases(),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    ...plainMlp(DECODER, 'mlp', 'mlp', ['weight', 'bias']),
  ],
  demands: demandLlamaLike({
    queryKeyNorms: false,
    rotary: 'part',
    zeroCentredNorms: true,
    normalization: 'LayerNorm',
    mlp: 'squared ReLU',
  }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: null, headDim: null }),
  expected: (d, config) => {
    const bias = config['attention_bias'] === true;
    const layer: Keys = [
      ...attentionKeys(d, { qkvBias: bias, projectionBias: bias }),
      ...plainMlpKeys('mlp', d.hidden, d.ffn, config['mlp_bias'] === true),
      ...['input_layernorm', 'post_attention_layernorm'].flatMap((norm): Keys => [
        [`${norm}.weight`, [d.hidden]],
        [`${norm}.bias`, [d.hidden]],
      ]),
    ];
    return decoderKeys(d, () => layer, NAMES);
  },
};

function normBiases(): readonly Rule[] {
  const { direct } = rowsOf(DECODER);
  return [
    direct(biasOf(INPUT_NORM), 'input_layernorm.bias'),
    direct(biasOf(MLP_NORM), 'post_attention_layernorm.bias'),
    { from: ['decoder.final_layernorm.bias', 'decoder.final_norm.bias'], to: ['model.norm.bias'], transform: 'direct' },
  ];
}

/** Spellings of a bias beside those of its weight. */
function biasOf(spellings: readonly string[]): readonly string[] {
  return spellings.map((name) => name.replace(/weight$/, 'bias'));
}
