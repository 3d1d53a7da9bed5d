// Llama-Nemotron Super and Ultra: Llama whose layers differ. Attention has its own number of query groups, the MLP its own width, and in place of
// either may stand one linear layer, or nothing. Facts: Megatron-Bridge `models/llama_nemotron/llama_nemotron_bridge.py`; megatron-core
// `models/gpt/heterogeneous/heterogeneous_layer_specs.py` (a linear layer is itself `self_attention` or `mlp`); TensorRT-LLM
// `modeling_nemotron_nas.py` (names of the linear layers, and which parts a layer without operation lacks).
import {
  attention,
  DECODER,
  ends,
  gatedMlp,
  gatedMlpBias,
  INPUT_NORM,
  MLP_NORM,
  projectionBias,
  qkvBias,
  rowsOf,
} from './blocks.ts';
import { readBlocks, type AttentionBlock, type HeterogeneousLayer, type MlpBlock } from './decilm-config.ts';
import { demandLlamaLike } from './demands.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, gatedMlpKeys, linearKeys, normKeys, type Keys } from './expected-keys.ts';
import { readConfig, type ConfigReader } from './read-config.ts';
import type { Family, ModelConfig, ModelDimensions } from './types.ts';

const { direct } = rowsOf(DECODER);

export const DECILM: Family = {
  name: 'decilm',
  architectures: ['DeciLMForCausalLM'],
  rules: [
    ...ends(),
    direct([...INPUT_NORM, 'self_attention.layer_norm_weight'], 'input_layernorm.weight'),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    ...projectionBias(DECODER),
    direct('self_attention.weight', 'self_attn.linear_attn.weight'),
    direct([...MLP_NORM, 'mlp.layer_norm_weight'], 'post_attention_layernorm.weight'),
    ...gatedMlp(DECODER),
    ...gatedMlpBias(DECODER),
    direct('mlp.weight', 'mlp.linear_mlp.weight'),
  ],
  demands: demandLlamaLike({ queryKeyNorms: false }),
  keepFloat32: [],
  dimensions: (config) => readConfig(config, (read) => readLayers(config, read).dimensions),
  expected: (d, config) => {
    const { layers } = readConfig(config, (read) => readLayers(config, read));
    const biases = { attention: config['attention_bias'] === true, mlp: config['mlp_bias'] === true };
    return decoderKeys(d, (index) => {
      const { attention: attended, mlp } = layers[index] ?? { attention: 'nothing', mlp: 'nothing' };
      return [...attentionBlockKeys(d, attended, biases.attention), ...mlpBlockKeys(d, mlp, biases.mlp)];
    });
  },
};

function readLayers(
  config: ModelConfig,
  read: ConfigReader,
): { readonly dimensions: ModelDimensions; readonly layers: readonly HeterogeneousLayer[] } {
  // `num_key_value_heads` and `intermediate_size` are null in published configs: the blocks say them.
  const decoder = readDecoder(config, read, { queryGroups: null, headDim: null, ffn: 1 });
  const layers = readBlocks(config, read, decoder);
  const groups = layers.flatMap((layer) => (typeof layer.attention === 'string' ? [] : [layer.attention.groups]));
  const widths = layers.flatMap((layer) => (typeof layer.mlp === 'string' ? [] : [layer.mlp.ffn]));
  const [queryGroups = decoder.queryGroups] = groups;
  const [ffn = decoder.ffn] = widths;
  return { dimensions: { ...decoder, queryGroups, ffn, layersDiffer: true }, layers };
}

/** A part that is not there has no norm either. */
function attentionBlockKeys(d: ModelDimensions, block: AttentionBlock, bias: boolean): Keys {
  if (block === 'nothing') return [];
  const norm = normKeys('input_layernorm', d.hidden);
  if (block === 'linear') return [...norm, ...linearKeys('self_attn.linear_attn', d.hidden, d.hidden)];
  const own = { ...d, queryGroups: block.groups };
  return [...norm, ...attentionKeys(own, { qkvBias: bias, projectionBias: bias })];
}

function mlpBlockKeys({ hidden }: ModelDimensions, block: MlpBlock, bias: boolean): Keys {
  if (block === 'nothing') return [];
  const norm = normKeys('post_attention_layernorm', hidden);
  if (block === 'linear') return [...norm, ...linearKeys('mlp.linear_mlp', hidden, hidden)];
  return [...norm, ...gatedMlpKeys('mlp', hidden, block.ffn, { bias })];
}
