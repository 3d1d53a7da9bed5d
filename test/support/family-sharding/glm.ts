// GLM-4 (norms on both sides, gate and up in one tensor) and GLM-4.5 (dense layers first, layers for multi-token prediction behind the last).
// Facts: transformers `models/glm4`, `models/glm4_moe`; megatron-core `moe/*`, `multi_token_prediction.py`.
import type { Shard, Sharding } from './sharding.ts';

export const shardGlm4: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
    s.attention(ours, `${theirs}self_attn.`);
    s.copy(`${ours}post_self_attn_layernorm.weight`, `${theirs}post_self_attn_layernorm.weight`);
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
    s.copy(`${ours}mlp.linear_fc1.weight`, `${theirs}mlp.gate_up_proj.weight`);
    s.copy(`${ours}mlp.linear_fc2.weight`, `${theirs}mlp.down_proj.weight`);
    s.copy(`${ours}post_mlp_layernorm.weight`, `${theirs}post_mlp_layernorm.weight`);
  });
};

export const shardGlm4Moe: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs, index) => putLayer(s, ours, theirs, index));
  const layers = s.count('num_hidden_layers');
  for (let i = 0; i < s.count('num_nextn_predict_layers'); i += 1) {
    const [ours, theirs] = [`mtp.layers.${i}.`, `model.layers.${layers + i}.`];
    for (const name of ['eh_proj', 'enorm', 'hnorm']) s.copy(`${ours}${name}.weight`, `${theirs}${name}.weight`);
    s.copy(`${ours}final_layernorm.weight`, `${theirs}shared_head.norm.weight`);
    putLayer(s, `${ours}transformer_layer.`, theirs, layers + i);
  }
};

function putLayer(s: Sharding, ours: string, theirs: string, index: number): void {
  s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
  s.attention(ours, `${theirs}self_attn.`);
  if (index < s.count('first_k_dense_replace')) {
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
    s.gated(`${ours}mlp.`, `${theirs}mlp.`);
    return;
  }
  s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
  s.copy(`${ours}mlp.router.weight`, `${theirs}mlp.gate.weight`);
  s.copy(`${ours}mlp.router.expert_bias`, `${theirs}mlp.gate.e_score_correction_bias`);
  s.gated(`${ours}mlp.shared_experts.`, `${theirs}mlp.shared_experts.`);
  for (let e = 0; e < s.count('n_routed_experts'); e += 1) {
    s.gated(`${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
  }
}
