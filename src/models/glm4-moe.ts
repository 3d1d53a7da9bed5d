// GLM-4.5 and 4.6, with routed experts: leading dense layers, then routed experts beside shared ones, corrected scores, norms on queries and
// keys in some sizes, half of each head rotated, and layers for multi-token prediction behind the last one.
// Facts: Megatron-Bridge `models/glm/glm45_bridge.py`; transformers `models/glm4_moe`.
import {
  attention,
  DECODER,
  ends,
  gatedExperts,
  gatedMlp,
  layerNorms,
  qkvBias,
  queryKeyNorms,
  router,
  routerCorrection,
  type Stack,
} from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDecoder } from './dimensions.ts';
import {
  attentionKeys,
  decoderKeys,
  expertKeys,
  gatedMlpKeys,
  linearKeys,
  preNormKeys,
  type Keys,
} from './expected-keys.ts';
import { addLayersBehind, describeLayersBehind, layersBehind } from './layers-behind.ts';
import { findMtpField } from './mtp-fields.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Family, ModelConfig, ModelDimensions, Rule } from './types.ts';

export const GLM4_MOE: Family = {
  name: 'glm4-moe',
  architectures: ['Glm4MoeForCausalLM'],
  rules: [...ends(), ...layer(DECODER), ...layersBehind(layer)],
  demands: [
    ...demandLlamaLike({ queryKeyNorms: null, rotary: 'part', scaledExperts: true }),
    { names: ['moe_router_score_function'], accepts: ['sigmoid'] },
  ],
  optional: describeLayersBehind,
  keepFloat32: ['e_score_correction_bias', 'weight'].map((name) => `model.layers.*.mlp.gate.${name}`),
  dimensions: (config) =>
    readConfig(config, (read) => {
      const { sharedFfn } = readGlm(read);
      const mtp = findMtpField(config);
      return {
        ...readDecoder(config, read, { queryGroups: 8, headDim: null }),
        experts: read.count('n_routed_experts', read.count('num_local_experts', 128)),
        tensorSplits: { 'moe_intermediate_size x n_shared_experts': sharedFfn },
        mtpLayers: mtp === undefined ? 1 : read.countOrZero(mtp),
      };
    }),
  expected: (d, config) => {
    const layerKeys = keysOfLayers(d, config);
    const expected = decoderKeys(d, layerKeys);
    addLayersBehind(expected, d, layerKeys);
    return expected;
  },
};

/** Rows of one layer; a dense one has none of the experts. */
function layer(at: Stack): readonly Rule[] {
  return [
    ...layerNorms(at),
    ...attention(at),
    ...qkvBias(at),
    ...queryKeyNorms(at),
    ...gatedMlp(at),
    ...router(at),
    ...routerCorrection(at),
    ...gatedExperts(at),
    ...gatedMlp(at, 'mlp.shared_experts', 'mlp.shared_experts'),
  ];
}

interface GlmParts {
  readonly bias: boolean;
  readonly norms: boolean;
  readonly denseLayers: number;
  readonly moeFfn: number;
  readonly sharedFfn: number;
}

function readGlm(read: ConfigReader): GlmParts {
  if (!read.flag('norm_topk_prob', true)) {
    read.complain(
      'norm_topk_prob must be true, found false: Megatron makes the weights of sigmoid scores add up to one',
    );
  }
  const moeFfn = read.count('moe_intermediate_size', 1408);
  return {
    bias: read.flag('attention_bias'),
    norms: read.flag('use_qk_norm'),
    denseLayers: read.countOrZero('first_k_dense_replace', 1),
    moeFfn,
    sharedFfn: moeFfn * read.count('n_shared_experts', 1),
  };
}

/** Keys of a layer by its number; one behind the last has experts as well. */
function keysOfLayers(d: ModelDimensions, config: ModelConfig): (index: number) => Keys {
  const { bias, norms, denseLayers, moeFfn, sharedFfn } = readConfig(config, readGlm);
  const count = d.experts ?? 0;
  const attended = attentionKeys(d, { qkvBias: bias, queryKeyNorms: norms });
  const dense = gatedMlpKeys('mlp', d.hidden, d.ffn);
  const routed: Keys = [
    ...expertKeys(count, 'mlp.experts', (expert) => gatedMlpKeys(expert, d.hidden, moeFfn)),
    ...linearKeys('mlp.gate', count, d.hidden),
    ['mlp.gate.e_score_correction_bias', [count]],
    ...gatedMlpKeys('mlp.shared_experts', d.hidden, sharedFfn),
  ];
  return (index) => [...attended, ...(index < denseLayers ? dense : routed), ...preNormKeys(d.hidden)];
}
