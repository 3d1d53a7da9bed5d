// DeepSeek-V2 and V3: latent attention, leading dense layers, routed and shared experts. Facts: megatron-core
// `transformer/multi_latent_attention.py`, `moe/*`, `multi_token_prediction.py`.
import type { Shard, Sharding } from './sharding.ts';

export const shardDeepseek: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs, index) => putLayer(s, ours, theirs, index));
  const layers = s.count('num_hidden_layers');
  for (let i = 0; s.hf.has(`model.layers.${layers + i}.eh_proj.weight`); i += 1) {
    const [ours, theirs] = [`mtp.layers.${i}.`, `model.layers.${layers + i}.`];
    for (const name of ['eh_proj', 'enorm', 'hnorm']) s.copy(`${ours}${name}.weight`, `${theirs}${name}.weight`);
    s.copy(`${ours}final_layernorm.weight`, `${theirs}shared_head.norm.weight`);
    putLayer(s, `${ours}transformer_layer.`, theirs, layers + i);
  }
};

function putLayer(s: Sharding, ours: string, theirs: string, index: number): void {
  const [attention, heads] = [`${ours}self_attention.`, `${theirs}self_attn.`];
  s.copy(`${ours}input_layernorm.weight`, `${theirs}input_layernorm.weight`);
  s.copyIfAny(`${attention}linear_q_proj.weight`, `${heads}q_proj.weight`);
  s.copyIfAny(`${attention}linear_q_down_proj.weight`, `${heads}q_a_proj.weight`);
  s.copyIfAny(`${attention}linear_q_up_proj.layer_norm_weight`, `${heads}q_a_layernorm.weight`);
  s.copyIfAny(`${attention}linear_q_up_proj.weight`, `${heads}q_b_proj.weight`);
  s.copy(`${attention}linear_kv_down_proj.weight`, `${heads}kv_a_proj_with_mqa.weight`);
  s.copy(`${attention}linear_kv_up_proj.layer_norm_weight`, `${heads}kv_a_layernorm.weight`);
  s.copy(`${attention}linear_kv_up_proj.weight`, `${heads}kv_b_proj.weight`);
  s.copy(`${attention}linear_proj.weight`, `${heads}o_proj.weight`);
  if (index < s.count('first_k_dense_replace')) {
    s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
    s.gated(`${ours}mlp.`, `${theirs}mlp.`);
    return;
  }
  s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
  s.copy(`${ours}mlp.router.weight`, `${theirs}mlp.gate.weight`);
  s.copyIfAny(`${ours}mlp.router.expert_bias`, `${theirs}mlp.gate.e_score_correction_bias`);
  for (let e = 0; e < s.count('n_routed_experts'); e += 1) {
    s.gated(`${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
  }
  if (s.count('n_shared_experts') > 0) s.gated(`${ours}mlp.shared_experts.`, `${theirs}mlp.shared_experts.`);
}
