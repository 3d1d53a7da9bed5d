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

/** Norms with biases, an MLP without a gate. */
export const shardNemotron: Shard = (s) => {
  s.ends();
  s.copy('decoder.final_layernorm.bias', 'model.norm.bias');
  s.eachLayer((ours, theirs) => {
    s.attention(ours, `${theirs}self_attn.`);
    for (const kind of ['weight', 'bias']) {
      s.copy(`${ours}self_attention.linear_qkv.layer_norm_${kind}`, `${theirs}input_layernorm.${kind}`);
      s.copy(`${ours}mlp.linear_fc1.layer_norm_${kind}`, `${theirs}post_attention_layernorm.${kind}`);
      s.copyIfAny(`${ours}mlp.linear_fc1.${kind}`, `${theirs}mlp.up_proj.${kind}`);
      s.copyIfAny(`${ours}mlp.linear_fc2.${kind}`, `${theirs}mlp.down_proj.${kind}`);
    }
  });
};

/** Each layer has of attention and MLP what it has: all of it, one linear layer, or nothing (`heterogeneous_layer_specs.py`). */
export const shardDeciLm: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    if (s.hf.has(`${theirs}self_attn.q_proj.weight`)) {
      s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
      const keys = s.get(`${theirs}self_attn.k_proj.weight`).shape[0] ?? 0;
      s.attention(ours, `${theirs}self_attn.`, keys / s.count('head_dim'));
    }
    if (s.hf.has(`${theirs}self_attn.linear_attn.weight`)) {
      s.copy(`${ours}self_attention.layer_norm_weight`, `${theirs}input_layernorm.weight`);
      s.copy(`${ours}self_attention.weight`, `${theirs}self_attn.linear_attn.weight`);
    }
    if (s.hf.has(`${theirs}mlp.gate_proj.weight`)) {
      s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
      s.gated(`${ours}mlp.`, `${theirs}mlp.`);
    }
    if (s.hf.has(`${theirs}mlp.linear_mlp.weight`)) {
      s.copy(`${ours}mlp.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
      s.copy(`${ours}mlp.weight`, `${theirs}mlp.linear_mlp.weight`);
    }
  });
};
