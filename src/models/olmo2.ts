// OLMo-2: Llama's table with one norm behind attention and one behind the MLP, each before its residual connection, none in front of
// them, and norms over all query heads and over all key heads at once.
// Fact, Hugging Face's names and shapes: transformers `models/olmo2` (`q_norm` [heads * head_dim], `k_norm` [groups * head_dim]).
// Fact, the second spelling of each norm: ModelScope's mcore-bridge trains OLMo-2 and 3 so (`model/gpts/olmo2.py`, on `olmoe.py`);
// every rank holds the whole norms, and the fused projection is that of megatron-core.
// Our convention, the first spelling: Megatron-Bridge has no OLMo-2, so this puts together what it has elsewhere. Norms in the
// row-parallel layers (`common/te_layers.py`), as in EXAONE 4, which has none in front either; norms over all heads under the names
// of megatron-core, as in OLMoE, but that of the keys as wide as the keys.
// We have seen no trained checkpoint of either spelling; the fixtures are megatron-core's model with such layers put in.
// In both a bias behind attention would have to come before the norm, and is refused there: so is `attention_bias` here.
import { attention, DECODER, ends, gatedMlp, rowsOf } from './blocks.ts';
import { demandLlamaLike } from './demands.ts';
import { readDecoder } from './dimensions.ts';
import { attentionKeys, decoderKeys, gatedMlpKeys, normKeys } from './expected-keys.ts';
import { readConfig } from './read-config.ts';
import type { Family } from './types.ts';

const { direct } = rowsOf(DECODER);

export const OLMO2: Family = {
  name: 'olmo2',
  architectures: ['Olmo2ForCausalLM'],
  rules: [
    ...ends(),
    ...attention(DECODER),
    direct(['self_attention.q_layernorm.weight', 'self_attention.q_norm.weight'], 'self_attn.q_norm.weight'),
    direct(['self_attention.k_layernorm.weight', 'self_attention.k_norm.weight'], 'self_attn.k_norm.weight'),
    direct(
      ['self_attention.linear_proj.post_layernorm.weight', 'self_attention.post_self_attn_layernorm.weight'],
      'post_attention_layernorm.weight',
    ),
    ...gatedMlp(DECODER),
    direct(
      ['mlp.linear_fc2.post_layernorm.weight', 'mlp.post_mlp_layernorm.weight'],
      'post_feedforward_layernorm.weight',
    ),
  ],
  demands: demandLlamaLike({ queryKeyNorms: true }),
  keepFloat32: [],
  dimensions: (config) =>
    readConfig(config, (read) => {
      if (read.flag('attention_bias'))
        read.complain(
          'attention_bias must be false, found true: a norm follows at once, and Megatron adds no bias there',
        );
      return readDecoder(config, read, { queryGroups: null, headDim: null });
    }),
  expected: (d) => {
    const layer = [
      ...attentionKeys(d, {}),
      ...normKeys('self_attn.q_norm', d.heads * d.headDim),
      ...normKeys('self_attn.k_norm', d.queryGroups * d.headDim),
      ...gatedMlpKeys('mlp', d.hidden, d.ffn),
      ...normKeys('post_attention_layernorm', d.hidden),
      ...normKeys('post_feedforward_layernorm', d.hidden),
    ];
    return decoderKeys(d, () => layer);
  },
};
