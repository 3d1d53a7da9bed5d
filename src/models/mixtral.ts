// Mixtral: Mistral's attention, and experts in every layer under names of their own. Megatron-Bridge has no bridge for it.
// Facts: transformers `models/mixtral` and its `conversion_mapping.py` (w1 is the gate, w3 up, w2 down); Megatron-LM `examples/mixtral` and
// `tools/checkpoint/loader_mixtral_hf.py`; Megatron-Core `transformer/moe`.
import { attention, DECODER, ends, gatedExperts, layerNorms, router } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, expertKeys, gatedMlpKeys, linearKeys, preNormKeys } from './expected-keys.ts';
import { readConfig } from './read-config.ts';
import { synthesizeMixtral } from './synthesize-routed.ts';
import type { Family } from './types.ts';

const BLOCK = 'block_sparse_moe';

export const MIXTRAL: Family = {
  name: 'mixtral',
  architectures: ['MixtralForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    ...attention(DECODER),
    ...router(DECODER, `${BLOCK}.gate`),
    ...gatedExperts(DECODER, `${BLOCK}.experts`, { gate: 'w1', up: 'w3', down: 'w2' }),
  ],
  demands: [
    ...demandLlamaLike({ queryKeyNorms: false }),
    { names: ['moe_router_score_function'], accepts: ['softmax'] },
    // The weights of the best experts add up to one.
    { names: ['moe_router_pre_softmax'], accepts: [false] },
  ],
  keepFloat32: [],
  dimensions: (config) =>
    readConfig(config, (read) => ({
      ...readDecoder(config, read, { queryGroups: 8, headDim: null }),
      experts: read.count('num_local_experts', read.count('num_experts', 8)),
    })),
  expected: (d) => {
    const experts = d.experts ?? 0;
    const names = ['w1', 'w3', 'w2'];
    const layer = [
      ...attentionKeys(d, {}),
      ...linearKeys(`${BLOCK}.gate`, experts, d.hidden),
      ...expertKeys(experts, `${BLOCK}.experts`, (expert) => gatedMlpKeys(expert, d.hidden, d.ffn, { names })),
      ...preNormKeys(d.hidden),
    ];
    return decoderKeys(d, () => layer);
  },
  synthesize: synthesizeMixtral,
};
