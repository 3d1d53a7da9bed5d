// GLM-4 0414, dense: norms before and after attention and MLP, gate and up in one tensor, and half of each head rotated, neighbours together.
// Megatron-Bridge has no bridge for it and megatron-core 0.16 no norms behind; the trainers that add them to Megatron keep them in the layer
// (slime, miles: `post_self_attn_layernorm`) or in its parts (ms-swift: `self_attention.post_self_attn_layernorm`).
// Facts: transformers `models/glm4`; slime `megatron_to_hf/glm4.py`.
import { attention, DECODER, ends, layerNorms, qkvBias, rowsOf } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDenseDimensions } from './dimensions.ts';
import { attentionKeys, decoderKeys, linearKeys, normKeys, preNormKeys } from './expected-keys.ts';
import { readConfig } from './read-config.ts';
import type { Family } from './types.ts';

const { row, direct } = rowsOf(DECODER);
const FC1 = 'mlp.linear_fc1.weight';

export const GLM4: Family = {
  name: 'glm4',
  architectures: ['Glm4ForCausalLM'],
  rules: [
    ...ends(),
    ...layerNorms(DECODER),
    direct(
      ['post_self_attn_layernorm.weight', 'self_attention.post_self_attn_layernorm.weight'],
      'post_self_attn_layernorm.weight',
    ),
    direct(['post_mlp_layernorm.weight', 'mlp.post_mlp_layernorm.weight'], 'post_mlp_layernorm.weight'),
    ...attention(DECODER),
    ...qkvBias(DECODER),
    // Gate rows, then up rows, as in Hugging Face.
    row('direct', [FC1, [`${FC1}_w`, `${FC1}_v`]], ['mlp.gate_up_proj.weight']),
    direct('mlp.linear_fc2.weight', 'mlp.down_proj.weight'),
  ],
  demands: demandLlamaLike({ queryKeyNorms: false, rotary: 'part', rotaryInterleaved: true }),
  keepFloat32: [],
  dimensions: (config) => readDenseDimensions(config, { queryGroups: 2, headDim: 128 }),
  expected: (d, config) => {
    const layer = [
      ...attentionKeys(d, { qkvBias: readConfig(config, (read) => read.flag('attention_bias', true)) }),
      ...linearKeys('mlp.gate_up_proj', 2 * d.ffn, d.hidden),
      ...linearKeys('mlp.down_proj', d.hidden, d.ffn),
      ...preNormKeys(d.hidden),
      ...normKeys('post_self_attn_layernorm', d.hidden),
      ...normKeys('post_mlp_layernorm', d.hidden),
    ];
    return decoderKeys(d, () => layer);
  },
};
