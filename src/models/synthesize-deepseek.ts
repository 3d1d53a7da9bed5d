// A `config.json` of DeepSeek-V3 and its like from the record of a training run.
// Facts: Megatron-Bridge `models/deepseek/{common,deepseek_v3_bridge}.py`, `models/mla_provider.py`.
import { leadingDense } from './layer-frequency.ts';
import type { RecordReader } from './read-record.ts';
import { readBiases, readMtpDepth, synthesizeEpsilon, synthesizeSizes } from './synthesize-decoder.ts';
import { readExperts, type RecordedExperts } from './synthesize-experts.ts';
import { synthesizeLatentRope } from './synthesize-rope.ts';
import type { ModelConfig } from './types.ts';

export function synthesizeDeepseekV3(record: RecordReader): ModelConfig {
  // A head has other sizes here, and no query groups; kv_channels and num_query_groups are idle.
  const { head_dim: _idle, ...sizes } = synthesizeSizes(record);
  const experts = readExperts(record, Number(sizes['num_hidden_layers']));
  if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
  return {
    ...sizes,
    ...synthesizeLatentRope(record),
    ...synthesizeLatents(record),
    ...synthesizeRouting(record, experts),
    model_type: 'deepseek_v3',
    num_key_value_heads: sizes['num_attention_heads'],
    rms_norm_eps: synthesizeEpsilon(record),
    hidden_act: 'silu',
    attention_bias: false,
    num_nextn_predict_layers: readMtpDepth(record) ?? 0,
  };
}

function synthesizeLatents(record: RecordReader): ModelConfig {
  const count = (name: string): number => record.need(record.count(name), 1, name);
  return {
    // Absent and null both mean: queries without a latent.
    q_lora_rank: record.count('q_lora_rank'),
    kv_lora_rank: count('kv_lora_rank'),
    qk_nope_head_dim: count('qk_head_dim'),
    qk_rope_head_dim: count('qk_pos_emb_head_dim'),
    v_head_dim: count('v_head_dim'),
  };
}

function synthesizeRouting(record: RecordReader, experts: RecordedExperts): ModelConfig {
  const dense = leadingDense(experts.sparse);
  if (dense === null) record.complain('moe_layer_freq has a dense layer behind one with experts');
  if (experts.scores !== 'sigmoid') record.complain('moe_router_score_function must be sigmoid');
  if (!experts.hasCorrection) record.complain('moe_router_enable_expert_bias must be true');
  if (experts.sharedFfn === 0 || experts.sharedFfn % experts.ffn !== 0) {
    record.complain(
      `moe_shared_expert_intermediate_size (${experts.sharedFfn}) must be a multiple of moe_ffn_hidden_size (${experts.ffn})`,
    );
  }
  return {
    first_k_dense_replace: dense ?? 0,
    moe_layer_freq: 1,
    n_routed_experts: experts.experts,
    n_shared_experts: experts.sharedFfn / experts.ffn,
    moe_intermediate_size: experts.ffn,
    num_experts_per_tok: experts.topk,
    n_group: experts.groups,
    topk_group: experts.chosenGroups,
    routed_scaling_factor: experts.scale,
    norm_topk_prob: experts.isNormed,
    scoring_func: experts.scores,
    topk_method: 'noaux_tc',
  };
}
