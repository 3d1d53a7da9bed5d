// Llama and its relatives, dense and with routed experts.
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

export const shardQwen3Moe: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
    s.attention(ours, `${theirs}self_attn.`);
    s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
    s.copy(`${ours}mlp.router.weight`, `${theirs}mlp.gate.weight`);
    for (let e = 0; e < s.count('num_experts'); e += 1) {
      s.gated(`${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
    }
  });
};
