// DeepSeek-V3 and R1, Moonlight, Kimi-K2: V2 with a correction of the scores, and layers for multi-token prediction behind the last one.
// Facts: Megatron-Bridge `models/deepseek/{deepseek_v3_bridge,common}.py`, `models/kimi/kimi_bridge.py`; the index of the published V3.
import { DECODER, ends, routerCorrection, type Stack } from './blocks.ts';
import {
  deepseekLayer,
  deepseekLayerKeys,
  demandDeepseek,
  readDeepseekDimensions,
  recordedLatents,
} from './deepseek-moe.ts';
import { decoderKeys, type Keys } from './expected-keys.ts';
import { addLayersBehind, describeLayersBehind, layersBehind } from './layers-behind.ts';
import { synthesizeDeepseekV3 } from './synthesize-deepseek.ts';
import type { Family, Rule } from './types.ts';

const DEFAULTS = { experts: 256, sharedExperts: 1, moeFfn: 2048, denseLayers: 3 } as const;

const layer = (at: Stack): readonly Rule[] => [...deepseekLayer(at), ...routerCorrection(at)];

export const DEEPSEEK_V3: Family = {
  name: 'deepseek-v3',
  architectures: ['DeepseekV3ForCausalLM'],
  rules: [...ends(), ...layer(DECODER), ...layersBehind(layer)],
  demands: demandDeepseek('sigmoid'),
  recorded: recordedLatents,
  optional: describeLayersBehind,
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
    addLayersBehind(expected, d, layerKeys);
    return expected;
  },
  synthesize: synthesizeDeepseekV3,
};
