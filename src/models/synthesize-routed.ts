// A `config.json` of a decoder like Llama's with routed experts, from the record of a training run.
// Facts: Megatron-Bridge `models/qwen/qwen3_moe_bridge.py`; for Mixtral and Qwen2-MoE, which have no bridge, transformers' configurations.
import type { RecordReader } from './read-record.ts';
import { readBiases, readWindow, synthesizeLlamaLike } from './synthesize-decoder.ts';
import { readExperts, refuseUnlessPlain, type RecordedExperts } from './synthesize-experts.ts';
import type { ModelConfig } from './types.ts';

export function synthesizeQwen3Moe(record: RecordReader): ModelConfig {
  const { decoder, experts } = readRouted(record);
  if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
  refuseShared(record, experts);
  return { ...decoder, ...synthesizeQwenMoe(record, experts), model_type: 'qwen3_moe', attention_bias: false };
}

export function synthesizeQwen2Moe(record: RecordReader): ModelConfig {
  const { decoder, experts } = readRouted(record);
  const { linear, qkv } = readBiases(record);
  if (linear || !qkv) record.complain('add_qkv_bias must be true and add_bias_linear false');
  if (experts.sharedFfn === 0) record.complain('there must be a moe_shared_expert_intermediate_size');
  if (record.flag('moe_shared_expert_gate') !== true) record.complain('moe_shared_expert_gate must be true');
  return {
    ...decoder,
    ...synthesizeQwenMoe(record, experts),
    model_type: 'qwen2_moe',
    shared_expert_intermediate_size: experts.sharedFfn,
  };
}

/** All layers have experts, whose width is the only one. */
export function synthesizeMixtral(record: RecordReader): ModelConfig {
  const { decoder, experts } = readRouted(record);
  if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
  refuseShared(record, experts);
  if (experts.sparse.includes(false)) record.complain('dense layers (moe_layer_freq) are not possible');
  if (record.value('window_attn_skip_freq') != null) record.complain('layers without window are not possible');
  return {
    ...decoder,
    model_type: 'mixtral',
    intermediate_size: experts.ffn,
    num_local_experts: experts.experts,
    num_experts_per_tok: experts.topk,
    sliding_window: readWindow(record),
  };
}

function readRouted(record: RecordReader): { readonly decoder: ModelConfig; readonly experts: RecordedExperts } {
  const decoder = synthesizeLlamaLike(record);
  const experts = readExperts(record, Number(decoder['num_hidden_layers']));
  refuseUnlessPlain(record, experts);
  return { decoder, experts };
}

function refuseShared(record: RecordReader, { sharedFfn }: RecordedExperts): void {
  if (sharedFfn !== 0) record.complain(`moe_shared_expert_intermediate_size is ${sharedFfn}, none is possible`);
}

function synthesizeQwenMoe(record: RecordReader, experts: RecordedExperts): ModelConfig {
  if (readWindow(record) !== null) record.complain('a sliding window (window_size) is not possible');
  return {
    use_sliding_window: false,
    num_experts: experts.experts,
    num_experts_per_tok: experts.topk,
    moe_intermediate_size: experts.ffn,
    norm_topk_prob: experts.isNormed,
    decoder_sparse_step: 1,
    mlp_only_layers: experts.sparse.flatMap((isSparse, layer) => (isSparse ? [] : [layer])),
  };
}
