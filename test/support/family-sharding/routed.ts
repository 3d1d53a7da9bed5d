// Qwen with routed experts, and Mixtral: attention as in the dense families, experts in some layers or in all.
// Facts: megatron-core `moe/moe_layer.py`, `moe/shared_experts.py`; transformers `models/qwen2_moe`, `models/qwen3_moe`, `models/mixtral`.
import type { Shard, Sharding } from './sharding.ts';

/** A layer has experts where the model has a router for it. */
export const shardQwenMoe: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    putAttention(s, ours, theirs);
    if (!s.hf.has(`${theirs}mlp.gate.weight`)) {
      s.copy(`${ours}mlp.linear_fc1.layer_norm_weight`, `${theirs}post_attention_layernorm.weight`);
      s.gated(`${ours}mlp.`, `${theirs}mlp.`);
      return;
    }
    s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
    s.copy(`${ours}mlp.router.weight`, `${theirs}mlp.gate.weight`);
    for (let e = 0; e < s.count('num_experts'); e += 1) {
      s.gated(`${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
    }
    if (s.hf.has(`${theirs}mlp.shared_expert_gate.weight`)) {
      s.gated(`${ours}mlp.shared_experts.`, `${theirs}mlp.shared_expert.`);
      s.copy(`${ours}mlp.shared_experts.gate_weight`, `${theirs}mlp.shared_expert_gate.weight`);
    }
  });
};

export const shardMixtral: Shard = (s) => {
  s.ends();
  s.eachLayer((ours, theirs) => {
    const block = `${theirs}block_sparse_moe.`;
    putAttention(s, ours, theirs);
    s.copy(`${ours}pre_mlp_layernorm.weight`, `${theirs}post_attention_layernorm.weight`);
    s.copy(`${ours}mlp.router.weight`, `${block}gate.weight`);
    for (let e = 0; e < s.count('num_local_experts'); e += 1) {
      s.gated(`${ours}mlp.experts.experts.${e}.`, `${block}experts.${e}.`, { gate: 'w1', up: 'w3', down: 'w2' });
    }
  });
};

function putAttention(s: Sharding, ours: string, theirs: string): void {
  s.copy(`${ours}self_attention.linear_qkv.layer_norm_weight`, `${theirs}input_layernorm.weight`);
  s.attention(ours, `${theirs}self_attn.`);
}
