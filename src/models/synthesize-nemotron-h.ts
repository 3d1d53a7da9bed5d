// A `config.json` of Nemotron-H and its successors from the record of a training run.
// Facts: Megatron-Bridge `models/nemotronh/nemotron_h_bridge.py` (`CONFIG_MAPPING`, `megatron_to_hf_config`); megatron-core
// `ssm/mamba_mixer.py` (a convolution over 4 tokens, with a bias, is in its code and in no configuration).
import type { RecordReader } from './read-record.ts';
import { readBiases, readMtpDepth, synthesizeEpsilon, synthesizeSizes } from './synthesize-decoder.ts';
import { readExperts } from './synthesize-experts.ts';
import type { ModelConfig } from './types.ts';

export function synthesizeNemotronH(record: RecordReader): ModelConfig {
  const sizes = synthesizeSizes(record);
  const { pattern, ...mtp } = readPatterns(record);
  if (readBiases(record).qkv) record.complain('biases (add_bias_linear, add_qkv_bias) are not possible');
  const mamba = (name: string): number => record.need(record.count(name), 1, name);
  return {
    ...sizes,
    ...mtp,
    ...(pattern.includes('E') && synthesizeRouting(record, pattern.length)),
    model_type: 'nemotron_h',
    num_hidden_layers: pattern.length,
    hybrid_override_pattern: pattern,
    layer_norm_epsilon: synthesizeEpsilon(record),
    mlp_hidden_act: 'relu2',
    mamba_hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    use_bias: false,
    mamba_num_heads: mamba('mamba_num_heads'),
    mamba_head_dim: mamba('mamba_head_dim'),
    n_groups: mamba('mamba_num_groups'),
    ssm_state_size: mamba('mamba_state_dim'),
    conv_kernel: 4,
    use_conv_bias: true,
    residual_in_fp32: record.flag('fp32_residual_connection') ?? false,
  };
}

/** `main/mtp/mtp`, with `|` where a pipeline stage ends; MTP may stand in fields of its own. */
function readPatterns(record: RecordReader): { readonly pattern: string } & ModelConfig {
  const names = ['hybrid_layer_pattern', 'hybrid_override_pattern'];
  const text = record.need(record.text(...names), 'M', ...names).replaceAll('|', '');
  const [pattern = '', ...parts] = text.split('/');
  const blocks = parts.filter((part) => part !== '');
  const [block = record.text('mtp_hybrid_override_pattern')] = blocks;
  if (blocks.some((other) => other !== block)) record.complain(`the MTP parts of ${text} differ`);
  const depth = readMtpDepth(record) ?? blocks.length;
  if (depth === 0 || block === null) return { pattern, num_nextn_predict_layers: 0 };
  const isRepeated = record.flag('mtp_use_repeated_layer');
  return {
    pattern,
    num_nextn_predict_layers: depth,
    mtp_hybrid_override_pattern: block,
    ...(isRepeated !== null && { mtp_use_repeated_layer: isRepeated }),
  };
}

function synthesizeRouting(record: RecordReader, layers: number): ModelConfig {
  const experts = readExperts(record, layers);
  if (experts.scores !== 'sigmoid') record.complain('moe_router_score_function must be sigmoid');
  if (!experts.hasCorrection) record.complain('moe_router_enable_expert_bias must be true');
  if (experts.sharedFfn === 0) record.complain('there must be a moe_shared_expert_intermediate_size');
  return {
    n_routed_experts: experts.experts,
    n_shared_experts: 1,
    num_experts_per_tok: experts.topk,
    moe_intermediate_size: experts.ffn,
    moe_shared_expert_intermediate_size: experts.sharedFfn,
    moe_latent_size: record.count('moe_latent_size'),
    n_group: experts.groups,
    topk_group: experts.chosenGroups,
    routed_scaling_factor: experts.scale,
    norm_topk_prob: experts.isNormed,
  };
}
