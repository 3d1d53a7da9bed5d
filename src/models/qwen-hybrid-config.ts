// What `config.json` of Qwen3-Next and Qwen3.5 says of layers and of multi-token prediction.
// Facts: transformers `configuration_{qwen3_next,qwen3_5,qwen3_5_moe}.py`; Megatron-Bridge `conversion/transformers_compat.py`
// `full_attention_interval_from_hf`, `model_bridge.py` (`CONFIG_MAPPING`, MTP).
import { readDeltaNet, type DeltaNetSizes } from './gated-delta-net.ts';
import { findMtpField } from './mtp-fields.ts';
import type { ConfigReader } from './read-config.ts';
import type { ModelConfig, ModelDimensions } from './types.ts';

/** Beside the sizes of every decoder. */
export interface HybridSizes {
  readonly deltaNet: DeltaNetSizes;
  readonly isLinear: (layer: number) => boolean;
  readonly attentionBias: boolean;
  readonly dimensions: Pick<ModelDimensions, 'outputGate' | 'deltaKeyHeads' | 'mtpLayers' | 'tensorSplits'>;
}

export function readHybrid(config: ModelConfig, read: ConfigReader, layers: number): HybridSizes {
  const deltaNet = readDeltaNet(read);
  return {
    deltaNet,
    isLinear: readLinearLayers(read, layers),
    attentionBias: read.flag('attention_bias'),
    dimensions: {
      outputGate: true,
      deltaKeyHeads: deltaNet.keyHeads,
      mtpLayers: readMtpLayers(config, read),
      tensorSplits: { linear_num_key_heads: deltaNet.keyHeads, linear_num_value_heads: deltaNet.valueHeads },
    },
  };
}

/** Which layers have a gated delta net: `layer_types`, or all but every `full_attention_interval`-th. */
function readLinearLayers(read: ConfigReader, layers: number): (layer: number) => boolean {
  const interval = read.count('full_attention_interval', 4);
  const types = read.texts('layer_types');
  if (types === null) return (layer) => (layer + 1) % interval !== 0;
  const unknown = types.filter((type) => type !== 'linear_attention' && type !== 'full_attention');
  if (unknown.length > 0) {
    const found = [...new Set(unknown)].slice(0, 5).join(', ');
    read.complain(`layer_types must be made of linear_attention and full_attention, found ${found}`);
  }
  if (types.length !== layers) {
    read.complain(`layer_types must name ${layers} layers (num_hidden_layers), found ${types.length}`);
  }
  return (layer) => types[layer] === 'linear_attention';
}

/**
 * 0 or 1. Configs of published Qwen3-Next say nothing of the layer that their weights have, so it is assumed where no field denies it; a
 * reference without it drops the checkpoint's, and the other way round.
 */
function readMtpLayers(config: ModelConfig, read: ConfigReader): number {
  const field = findMtpField(config);
  const count = field === undefined ? 1 : read.countOrZero(field);
  if (count > 1) {
    read.complain(
      `${field} must be 0 or 1, found ${count}: Megatron has a projection for each layer, Hugging Face one for all`,
    );
  }
  return count;
}
