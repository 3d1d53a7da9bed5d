// Qwen3.5 with experts, text alone: Qwen3-Next's layers with a projection for each kind of the gated delta net. Every layer has experts.
// Facts: Megatron-Bridge `models/qwen/qwen35_bridge.py` `Qwen35MoEBridge`; transformers `models/qwen3_5_moe`, which saves each expert under
// its own number.
import { readDecoder } from './dimensions.ts';
import { readDeltaNet, recordedDeltaNet, separateDeltaNetKeys, separateProjections } from './gated-delta-net.ts';
import { readHybrid } from './qwen-hybrid-config.ts';
import {
  HYBRID_DEMANDS,
  HYBRID_MTP,
  hybridKeys,
  hybridRules,
  SHARED_EXPERT_DEMANDS,
  sharedExpertKeys,
} from './qwen-hybrid.ts';
import { QWEN3_5_FLOAT32 } from './qwen3-5.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Family, ModelConfig, ModelDimensions } from './types.ts';

export const QWEN3_5_MOE: Family = {
  name: 'qwen3.5-moe',
  architectures: ['Qwen3_5MoeForCausalLM'],
  rules: hybridRules(separateProjections),
  demands: [
    ...HYBRID_DEMANDS,
    ...SHARED_EXPERT_DEMANDS,
    // The softmax goes over the scores of the best experts alone: their shares add up to one.
    { names: ['moe_router_pre_softmax'], accepts: [false] },
  ],
  recorded: (config) => recordedDeltaNet(readConfig(config, readDeltaNet)),
  optional: HYBRID_MTP,
  keepFloat32: QWEN3_5_FLOAT32,
  dimensions: (config) => readConfig(config, (read) => readSizes(config, read).dimensions),
  expected: (d, config) => {
    const { hybrid, moeFfn, sharedFfn } = readConfig(config, (read) => readSizes(config, read));
    const routed = sharedExpertKeys(d, moeFfn, sharedFfn);
    const deltaNet = separateDeltaNetKeys(hybrid.deltaNet, d.hidden);
    return hybridKeys(d, hybrid, { deltaNet, mlp: () => routed, mtpMlp: routed });
  },
};

function readSizes(config: ModelConfig, read: ConfigReader) {
  const sharedFfn = read.count('shared_expert_intermediate_size', 512);
  // No layer has an MLP; what tensor-parallel ranks share in its place is the shared expert.
  const decoder = { ...readDecoder(config, read, { queryGroups: 2, headDim: 256, ffn: sharedFfn }), ffn: sharedFfn };
  const hybrid = readHybrid(config, read, decoder.layers);
  const dimensions: ModelDimensions = { ...decoder, ...hybrid.dimensions, experts: read.count('num_experts', 256) };
  return { dimensions, hybrid, moeFfn: read.count('moe_intermediate_size', 512), sharedFfn };
}
