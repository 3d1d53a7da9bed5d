// OLMo-2 and OLMo-3: no norms before attention and MLP, one behind each, inside the row-parallel layer; norms over all query and all key
// heads at once. Facts: transformers `models/olmo2`; Megatron-Bridge `models/common/te_layers.py`.
import type { Shard } from './sharding.ts';

export const shardOlmo: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    s.attention(ours, `${theirs}self_attn.`);
    s.copy(`${ours}self_attention.linear_proj.post_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
    s.gated(`${ours}mlp.`, `${theirs}mlp.`);
    s.copy(`${ours}mlp.linear_fc2.post_layernorm.weight`, `${theirs}post_feedforward_layernorm.weight`);
  });
};
