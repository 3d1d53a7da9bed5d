// Qwen3 with routed experts: Qwen3's attention, a router and gated experts. Dense layers among them follow `decoder_sparse_step` and
// `mlp_only_layers`. Facts: Megatron-Bridge `models/qwen/qwen3_moe_bridge.py`; transformers `models/qwen3_moe`.
import {
  attention,
  DECODER,
  ends,
  gatedExperts,
  gatedMlp,
  layerNorms,
  projectionBias,
  qkvBias,
  queryKeyNorms,
  router,
} from './blocks.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, gatedMlpKeys, preNormKeys } from './expected-keys.ts';
import { demandQwenMoe, readSparsity, recordedTopExperts, routedKeys } from './qwen-moe.ts';
import { readConfig } from './read-config.ts';
import { synthesizeQwen3Moe } from './synthesize-routed.ts';
import type { Family } from './types.ts';

const MOE_FFN = 768;

export const QWEN3_MOE: Family = {
  name: 'qwen3-moe',
  architectures: ['Qwen3MoeForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    ...queryKeyNorms(DECODER),
    ...router(DECODER),
    ...gatedExperts(DECODER),
    ...gatedMlp(DECODER),
  ],
  demands: demandQwenMoe({ queryKeyNorms: true }),
  recorded: recordedTopExperts,
  keepFloat32: [],
  dimensions: (config) =>
    readConfig(config, (read) => {
      readSparsity(config, read, MOE_FFN);
      return {
        ...readDecoder(config, read, { queryGroups: 4, headDim: null }),
        // The first name is that of files which transformers 5 wrote (`attribute_map`), and wins there too.
        experts: read.count('num_local_experts', read.count('num_experts', 128)),
      };
    }),
  expected: (d, config) => {
    const bias = config['attention_bias'] === true;
    const { moeFfn, isSparse } = readConfig(config, (read) => readSparsity(config, read, MOE_FFN));
    const attended = attentionKeys(d, { qkvBias: bias, projectionBias: bias, queryKeyNorms: true });
    const [routed, dense] = [routedKeys(d, moeFfn), gatedMlpKeys('mlp', d.hidden, d.ffn)];
    return decoderKeys(d, (layer) => [...attended, ...(isSparse(layer) ? routed : dense), ...preNormKeys(d.hidden)]);
  },
  synthesize: synthesizeQwen3Moe,
};
