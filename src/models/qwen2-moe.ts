// Qwen1.5-MoE and Qwen2-MoE: Qwen2's attention with a bias on q, k and v, routed experts beside one shared expert, whose share a gate of one
// row decides. Megatron-Bridge has no bridge for it; it maps the same shared expert in `models/qwen/qwen3_next_bridge.py`.
// Facts: Megatron-Core `transformer/moe/shared_experts.py` (`gate_weight` [1, hidden]); transformers `models/qwen2_moe`.
import { attention, DECODER, ends, gatedExperts, gatedMlp, layerNorms, qkvBias, router, rowsOf } from './blocks.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, gatedMlpKeys, linearKeys, preNormKeys } from './expected-keys.ts';
import { demandQwenMoe, readSparsity, recordedTopExperts, routedKeys } from './qwen-moe.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import { synthesizeQwen2Moe } from './synthesize-routed.ts';
import type { Family } from './types.ts';

const MOE_FFN = 1408;
const { direct } = rowsOf(DECODER);

export const QWEN2_MOE: Family = {
  name: 'qwen2-moe',
  architectures: ['Qwen2MoeForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...router(DECODER),
    ...gatedExperts(DECODER),
    ...gatedMlp(DECODER, 'mlp.shared_experts', 'mlp.shared_expert'),
    direct('mlp.shared_experts.gate_weight', 'mlp.shared_expert_gate.weight'),
    ...gatedMlp(DECODER),
  ],
  demands: demandQwenMoe({ queryKeyNorms: false }),
  recorded: recordedTopExperts,
  keepFloat32: [],
  dimensions: (config) =>
    readConfig(config, (read) => {
      readSparsity(config, read, MOE_FFN);
      return {
        ...readDecoder(config, read, { queryGroups: 16, headDim: null }),
        experts: read.count('num_experts', 60),
        tensorSplits: { shared_expert_intermediate_size: readSharedFfn(read) },
      };
    }),
  expected: (d, config) => {
    const { sparsity, sharedFfn, bias } = readConfig(config, (read) => ({
      sparsity: readSparsity(config, read, MOE_FFN),
      sharedFfn: readSharedFfn(read),
      bias: read.flag('qkv_bias', true),
    }));
    const attended = attentionKeys(d, { qkvBias: bias });
    const routed = [
      ...routedKeys(d, sparsity.moeFfn),
      ...gatedMlpKeys('mlp.shared_expert', d.hidden, sharedFfn),
      ...linearKeys('mlp.shared_expert_gate', 1, d.hidden),
    ];
    const dense = gatedMlpKeys('mlp', d.hidden, d.ffn);
    return decoderKeys(d, (layer) => [
      ...attended,
      ...(sparsity.isSparse(layer) ? routed : dense),
      ...preNormKeys(d.hidden),
    ]);
  },
  synthesize: synthesizeQwen2Moe,
};

const readSharedFfn = (read: ConfigReader): number => read.count('shared_expert_intermediate_size', 5632);
