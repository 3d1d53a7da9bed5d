// Qwen3.5, dense, text alone: Qwen3-Next's layers with a projection for each kind, and an MLP in place of the experts.
// Facts: Megatron-Bridge `models/qwen/qwen35_bridge.py` `Qwen35Bridge`; transformers `models/qwen3_5`.
import { readDecoder } from './dimensions.ts';
import { gatedMlpKeys } from './expected-keys.ts';
import { readDeltaNet, recordedDeltaNet, separateDeltaNetKeys, separateProjections } from './gated-delta-net.ts';
import { readHybrid } from './qwen-hybrid-config.ts';
import { HYBRID_DEMANDS, HYBRID_MTP, hybridKeys, hybridRules } from './qwen-hybrid.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Family, ModelConfig, ModelDimensions } from './types.ts';

/** Float32 in the published weights of Qwen3.5, bfloat16 in those of Qwen3.6. */
export const QWEN3_5_FLOAT32: readonly string[] = ['A_log', 'norm.weight'].map(
  (name) => `model.layers.*.linear_attn.${name}`,
);

export const QWEN3_5: Family = {
  name: 'qwen3.5',
  architectures: ['Qwen3_5ForCausalLM'],
  rules: hybridRules(separateProjections),
  demands: HYBRID_DEMANDS,
  recorded: (config) => recordedDeltaNet(readConfig(config, readDeltaNet)),
  optional: HYBRID_MTP,
  keepFloat32: QWEN3_5_FLOAT32,
  dimensions: (config) => readConfig(config, (read) => readSizes(config, read).dimensions),
  expected: (d, config) => {
    const { hybrid } = readConfig(config, (read) => readSizes(config, read));
    const mlp = gatedMlpKeys('mlp', d.hidden, d.ffn);
    const deltaNet = separateDeltaNetKeys(hybrid.deltaNet, d.hidden);
    return hybridKeys(d, hybrid, { deltaNet, mlp: () => mlp, mtpMlp: mlp });
  },
};

function readSizes(config: ModelConfig, read: ConfigReader) {
  const decoder = readDecoder(config, read, { queryGroups: 4, headDim: 256 });
  const hybrid = readHybrid(config, read, decoder.layers);
  const dimensions: ModelDimensions = { ...decoder, ...hybrid.dimensions };
  return { dimensions, hybrid };
}
