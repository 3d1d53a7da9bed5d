// Qwen3-Next: three layers with a gated delta net for each one with attention, routed experts and a shared one in all of them.
// Facts: Megatron-Bridge `models/qwen/qwen3_next_bridge.py`; transformers `models/qwen3_next`.
import { readDecoder } from './dimensions.ts';
import { gatedMlpKeys } from './expected-keys.ts';
import { groupedDeltaNetKeys, groupedProjections, readDeltaNet, recordedDeltaNet } from './gated-delta-net.ts';
import { readHybrid } from './qwen-hybrid-config.ts';
import {
  HYBRID_DEMANDS,
  HYBRID_MTP,
  hybridKeys,
  hybridRules,
  SHARED_EXPERT_DEMANDS,
  sharedExpertKeys,
} from './qwen-hybrid.ts';
import { readSparsity } from './qwen-moe.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Family, ModelConfig, ModelDimensions } from './types.ts';

const MOE_FFN = 512;

export const QWEN3_NEXT: Family = {
  name: 'qwen3-next',
  architectures: ['Qwen3NextForCausalLM'],
  rules: hybridRules(groupedProjections),
  demands: [...HYBRID_DEMANDS, ...SHARED_EXPERT_DEMANDS],
  recorded: (config) =>
    readConfig(config, (read) => ({
      ...recordedDeltaNet(readDeltaNet(read)),
      // Shares of the best experts add up to one where the softmax goes over these alone.
      moe_router_pre_softmax: !read.flag('norm_topk_prob', true),
    })),
  optional: HYBRID_MTP,
  keepFloat32: [],
  dimensions: (config) => readConfig(config, (read) => readSizes(config, read).dimensions),
  expected: (d, config) => {
    const { hybrid, sparsity, sharedFfn } = readConfig(config, (read) => readSizes(config, read));
    const routed = sharedExpertKeys(d, sparsity.moeFfn, sharedFfn);
    const dense = gatedMlpKeys('mlp', d.hidden, d.ffn);
    return hybridKeys(d, hybrid, {
      deltaNet: groupedDeltaNetKeys(hybrid.deltaNet, d.hidden),
      mlp: (layer) => (sparsity.isSparse(layer) ? routed : dense),
      mtpMlp: routed,
    });
  },
};

function readSizes(config: ModelConfig, read: ConfigReader) {
  const decoder = readDecoder(config, read, { queryGroups: 2, headDim: 256, ffn: 5632 });
  const hybrid = readHybrid(config, read, decoder.layers);
  const sharedFfn = read.count('shared_expert_intermediate_size', 512);
  const dimensions: ModelDimensions = {
    ...decoder,
    ...hybrid.dimensions,
    experts: read.count('num_experts', 512),
    tensorSplits: { ...hybrid.dimensions.tensorSplits, shared_expert_intermediate_size: sharedFfn },
  };
  return { dimensions, hybrid, sparsity: readSparsity(config, read, MOE_FFN), sharedFfn };
}
