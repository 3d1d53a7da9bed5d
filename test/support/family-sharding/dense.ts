// Llama and its relatives.
import type { Shard } from './sharding.ts';

export const shardDense: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
    s.attention(ours, `${theirs}self_attn.`);
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
    s.gated(`${ours}mlp.`, `${theirs}mlp.`);
  });
};

/** Norms before and after attention and the MLP. */
export const shardGemma: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
    s.attention(ours, `${theirs}self_attn.`);
    s.copy(`${ours}self_attention.linear_proj.post_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}pre_feedforward_layernorm.weight`);
    s.gated(`${ours}mlp.`, `${theirs}mlp.`);
    s.copy(`${ours}mlp.linear_fc2.post_layernorm.weight`, `${theirs}post_feedforward_layernorm.weight`);
  });
};
