// What Gemma 2 and 3 share: norms before and after attention and the MLP, centred at zero on both sides, a gated MLP with GELU, tied weights.
// Facts: Megatron-Bridge `models/gemma/{gemma2,gemma3}_bridge.py`, their providers (`TERowParallelLinearLayerNorm` norms what a projection
// gives); transformers `models/{gemma2,gemma3}`.
import {
  attention,
  DECODER,
  ends,
  gatedMlp,
  INPUT_NORM,
  MLP_NORM,
  projectionBias,
  qkvBias,
  queryKeyNorms,
  rowsOf,
} from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { attentionKeys, decoderKeys, gatedMlpKeys, normKeys, type Keys } from './expected-keys.ts';
import type { Family, Rule } from './types.ts';

/** @param queryKey whether each query and key head has a norm */
export function gemmaFamily(name: string, architecture: string, queryKey: boolean): Family {
  const rules: readonly Rule[] = [
    ...ends(),
    ...sandwichNorms(),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    ...(queryKey ? queryKeyNorms(DECODER) : []),
    ...gatedMlp(DECODER),
  ];
  return {
    name,
    architectures: [architecture],
    rules,
    demands: demandLlamaLike({
      queryKeyNorms: queryKey,
      zeroCentredNorms: true,
      mlp: 'gated GELU',
      scaledScores: true,
    }),
    keepFloat32: [],
    dimensions: (config) => readDenseDimensions(config, { queryGroups: 4, headDim: 256, tied: true }),
    expected: (d, config) => {
      const bias = config['attention_bias'] === true;
      const layer: Keys = [
        ...attentionKeys(d, { qkvBias: bias, projectionBias: bias, queryKeyNorms: queryKey }),
        ...gatedMlpKeys('mlp', d.hidden, d.ffn),
        ...['input', 'post_attention', 'pre_feedforward', 'post_feedforward'].flatMap((place) =>
          normKeys(`${place}_layernorm`, d.hidden),
        ),
      ];
      return decoderKeys(d, () => layer);
    },
  };
}

function sandwichNorms(): readonly Rule[] {
  const { direct } = rowsOf(DECODER);
  return [
    direct(INPUT_NORM, 'input_layernorm.weight'),
    direct('self_attention.linear_proj.post_layernorm.weight', 'post_attention_layernorm.weight'),
    direct(MLP_NORM, 'pre_feedforward_layernorm.weight'),
    direct('mlp.linear_fc2.post_layernorm.weight', 'post_feedforward_layernorm.weight'),
  ];
}
