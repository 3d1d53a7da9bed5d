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
import { demandLlamaLike } from './demands.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, expertKeys, gatedMlpKeys, linearKeys, preNormKeys } from './expected-keys.ts';
import { readConfig } from './read-config.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import { readExperts, refuseUnlessPlain } from './synthesize-experts.ts';
import type { Family, ModelConfig } from './types.ts';

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
  demands: demandLlamaLike({ queryKeyNorms: true }),
  keepFloat32: [],
  dimensions: (config) =>
    readConfig(config, (read) => ({
      ...readDecoder(config, read, { queryGroups: 4, headDim: null }),
      // The first name is that of files which transformers 5 wrote (`attribute_map`), and wins there too.
      experts: read.count('num_local_experts', read.count('num_experts', 128)),
    })),
  expected: (d, config) => {
    const bias = config['attention_bias'] === true;
    const { moeFfn, isSparse } = readSparsity(config);
    const attended = attentionKeys(d, { qkvBias: bias, projectionBias: bias, queryKeyNorms: true });
    const experts = [
      ...linearKeys('mlp.gate', d.experts ?? 0, d.hidden),
      ...expertKeys(d.experts ?? 0, 'mlp.experts', (expert) => gatedMlpKeys(expert, d.hidden, moeFfn)),
    ];
    const dense = gatedMlpKeys('mlp', d.hidden, d.ffn);
    return decoderKeys(d, (layer) => [...attended, ...(isSparse(layer) ? experts : dense), ...preNormKeys(d.hidden)]);
  },
  synthesize: (record) => {
    const decoder = synthesizeLlamaLike(record);
    const experts = readExperts(record, Number(decoder['num_hidden_layers']));
    refuseUnlessPlain(record, experts);
    if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
    if (readWindow(record) !== null) record.complain('a sliding window (window_size) is not possible');
    return {
      ...decoder,
      model_type: 'qwen3_moe',
      attention_bias: false,
      use_sliding_window: false,
      num_experts: experts.experts,
      num_experts_per_tok: experts.topk,
      moe_intermediate_size: experts.ffn,
      norm_topk_prob: experts.isNormed,
      decoder_sparse_step: 1,
      mlp_only_layers: experts.sparse.flatMap((isSparse, layer) => (isSparse ? [] : [layer])),
    };
  },
};

/** Which layers have experts, and how wide one expert is. */
function readSparsity(config: ModelConfig): { moeFfn: number; isSparse: (layer: number) => boolean } {
  const { step, moeFfn } = readConfig(config, (read) => ({
    step: read.count('decoder_sparse_step', 1),
    moeFfn: read.count('moe_intermediate_size', 768),
  }));
  const dense = config['mlp_only_layers'];
  const denseLayers = new Set<unknown>(Array.isArray(dense) ? dense : []);
  return { moeFfn, isSparse: (layer) => !denseLayers.has(layer) && (layer + 1) % step === 0 };
}
