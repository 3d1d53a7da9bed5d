// DeepSeek-V3 and R1, Moonlight, Kimi-K2: V2 with a correction of the scores, and layers for multi-token prediction behind the last one.
// Facts: Megatron-Bridge `models/deepseek/{deepseek_v3_bridge,common}.py`, `models/kimi/kimi_bridge.py`; the index of the published V3.
import { DECODER, ends, routerCorrection, rowsOf, type Stack } from './blocks.ts';
import {
  deepseekLayer,
  deepseekLayerKeys,
  demandDeepseek,
  readDeepseekDimensions,
  recordedLatents,
} from './deepseek-moe.ts';
import { addKeys, decoderKeys, linearKeys, normKeys, type Keys } from './expected-keys.ts';
import { synthesizeDeepseekV3 } from './synthesize-deepseek.ts';
import type { Family, ModelDimensions, OptionalPart, Placement } from './types.ts';

const DEFAULTS = { experts: 256, sharedExperts: 1, moeFfn: 2048, denseLayers: 3 } as const;

/** Layer i for multi-token prediction, of L layers. */
const BEHIND: Placement = { text: 'L + i', index: ([i = 0], { layers }) => layers + i };
const MTP: Stack = { ours: 'mtp.layers.*.', theirs: 'model.layers.*.', place: BEHIND };
const MTP_LAYER: Stack = { ...MTP, ours: 'mtp.layers.*.transformer_layer.' };

const { direct } = rowsOf(MTP);

export const DEEPSEEK_V3: Family = {
  name: 'deepseek-v3',
  architectures: ['DeepseekV3ForCausalLM'],
  rules: [
    ...ends(),
    ...deepseekLayer(DECODER),
    ...routerCorrection(DECODER),
    direct('enorm.weight', 'enorm.weight'),
    direct('hnorm.weight', 'hnorm.weight'),
    direct('eh_proj.weight', 'eh_proj.weight'),
    ...deepseekLayer(MTP_LAYER),
    ...routerCorrection(MTP_LAYER),
    direct('final_layernorm.weight', 'shared_head.norm.weight'),
  ],
  demands: demandDeepseek('sigmoid'),
  recorded: recordedLatents,
  optional: ({ layers, mtpLayers }) => describeOptional(layers, mtpLayers ?? 0),
  keepFloat32: ['e_score_correction_bias', 'weight'].map((name) => `model.layers.*.mlp.gate.${name}`),
  dimensions: (config) =>
    // A config that says nothing is from before transformers knew these layers: the reference has none.
    readDeepseekDimensions(config, DEFAULTS, (read) => ({
      mtpLayers: read.countOrZero('num_nextn_predict_layers', 0),
    })),
  expected: (d, config) => {
    const correction: Keys = [['mlp.gate.e_score_correction_bias', [d.experts ?? 0]]];
    const layerKeys = deepseekLayerKeys(d, config, DEFAULTS, correction);
    const expected = decoderKeys(d, layerKeys);
    for (let layer = d.layers; layer < d.layers + (d.mtpLayers ?? 0); layer += 1) {
      addKeys(expected, `model.layers.${layer}`, mtpKeys(d, layerKeys(layer)));
    }
    return expected;
  },
  synthesize: synthesizeDeepseekV3,
};

function mtpKeys({ vocab, hidden }: ModelDimensions, layer: Keys): Keys {
  return [
    ...linearKeys('embed_tokens', vocab, hidden),
    ...normKeys('enorm', hidden),
    ...normKeys('hnorm', hidden),
    ...linearKeys('eh_proj', hidden, 2 * hidden),
    ...normKeys('shared_head.norm', hidden),
    ...linearKeys('shared_head.head', vocab, hidden),
    ...layer,
  ];
}

function describeOptional(layers: number, mtpLayers: number): readonly OptionalPart[] {
  if (mtpLayers === 0) return [];
  const numbers = Array.from({ length: mtpLayers }, (_, i) => layers + i).join('|');
  return [
    {
      name: 'mtp',
      keys: new RegExp(String.raw`^model\.layers\.(?:${numbers})\.(?!embed_tokens\.|shared_head\.head\.)`),
      sources: /^mtp\./,
      why: 'layers for multi-token prediction, which speculative decoding alone uses',
    },
    {
      name: 'mtp copies',
      keys: new RegExp(String.raw`^model\.layers\.(?:${numbers})\.(?:embed_tokens|shared_head\.head)\.`),
      sources: null,
      why: 'copies of embedding and output layer, which Megatron shares with the decoder',
    },
  ];
}
