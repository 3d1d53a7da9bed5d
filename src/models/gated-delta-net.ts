// Gated delta net: linear attention with a convolution over query, key and value, a decay and an update rate for each value head.
// Facts: megatron-core `ssm/gated_delta_net.py` `sharded_state_dict` (six keys for `in_proj`, three for `conv1d`); Megatron-Bridge
// `models/conversion/param_mapping.py` `GDNLinearMapping`, `GDNLinearMappingSeparate`, `RMSNorm2ZeroCenteredRMSNormMapping`.
import { rowsOf, type Stack } from './blocks.ts';
import { linearKeys, normKeys, type Keys } from './expected-keys.ts';
import type { ConfigReader } from './read-config.ts';
import type { Rule } from './types.ts';

export interface DeltaNetSizes {
  readonly keyHeads: number;
  readonly keyDim: number;
  readonly valueHeads: number;
  readonly valueDim: number;
  /** Tokens that the convolution sees. */
  readonly kernel: number;
}

/** @param projections the rows that give `in_proj_*`, which the families fuse in different ways. */
export function deltaNet(at: Stack, projections: readonly Rule[]): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    ...projections,
    direct([ofEach('conv1d.weight', ['query', 'key', 'value'])], 'linear_attn.conv1d.weight'),
    direct('self_attention.A_log', 'linear_attn.A_log'),
    direct('self_attention.dt_bias', 'linear_attn.dt_bias'),
    // Megatron centres every norm of the model at zero, Hugging Face all but this one.
    { ...direct('self_attention.out_norm.weight', 'linear_attn.norm.weight'), arithmetic: 'add-one' },
    direct('self_attention.out_proj.weight', 'linear_attn.out_proj.weight'),
  ];
}

/** Two projections, grouped by key head. */
export function groupedProjections(at: Stack): readonly Rule[] {
  const { row } = rowsOf(at);
  return [
    row(
      'delta net qkvz',
      [ofEach('in_proj.weight', ['query', 'key', 'value', 'z'])],
      ['linear_attn.in_proj_qkvz.weight'],
    ),
    row('delta net ba', [ofEach('in_proj.weight', ['beta', 'alpha'])], ['linear_attn.in_proj_ba.weight']),
  ];
}

/** Four projections, each kind in one piece. */
export function separateProjections(at: Stack): readonly Rule[] {
  const { direct } = rowsOf(at);
  return [
    direct([ofEach('in_proj.weight', ['query', 'key', 'value'])], 'linear_attn.in_proj_qkv.weight'),
    direct('self_attention.in_proj.weight.z', 'linear_attn.in_proj_z.weight'),
    direct('self_attention.in_proj.weight.beta', 'linear_attn.in_proj_b.weight'),
    direct('self_attention.in_proj.weight.alpha', 'linear_attn.in_proj_a.weight'),
  ];
}

function ofEach(name: string, kinds: readonly string[]): readonly string[] {
  return kinds.map((kind) => `self_attention.${name}.${kind}`);
}

/** Defaults: transformers `configuration_qwen3_next.py`, `configuration_qwen3_5.py`. */
export function readDeltaNet(read: ConfigReader): DeltaNetSizes {
  const sizes = {
    keyHeads: read.count('linear_num_key_heads', 16),
    keyDim: read.count('linear_key_head_dim', 128),
    valueHeads: read.count('linear_num_value_heads', 32),
    valueDim: read.count('linear_value_head_dim', 128),
    kernel: read.count('linear_conv_kernel_dim', 4),
  };
  if (sizes.valueHeads % sizes.keyHeads !== 0) {
    read.complain(
      `linear_num_value_heads (${sizes.valueHeads}) must be a multiple of linear_num_key_heads (${sizes.keyHeads})`,
    );
  }
  return sizes;
}

/** 4 heads of 8 and 8 heads of 4 look alike. */
export function recordedDeltaNet({ keyHeads, keyDim, valueHeads, valueDim }: DeltaNetSizes): Record<string, number> {
  return {
    linear_num_key_heads: keyHeads,
    linear_key_head_dim: keyDim,
    linear_num_value_heads: valueHeads,
    linear_value_head_dim: valueDim,
  };
}

/** What stands in front of the projections in `state_dict`. */
function stateKeys({ keyHeads, keyDim, valueHeads, valueDim, kernel }: DeltaNetSizes): Keys {
  return [
    ['linear_attn.dt_bias', [valueHeads]],
    ['linear_attn.A_log', [valueHeads]],
    ['linear_attn.conv1d.weight', [2 * keyHeads * keyDim + valueHeads * valueDim, 1, kernel]],
  ];
}

function outputKeys({ valueHeads, valueDim }: DeltaNetSizes, hidden: number): Keys {
  return [
    ...normKeys('linear_attn.norm', valueDim),
    ...linearKeys('linear_attn.out_proj', hidden, valueHeads * valueDim),
  ];
}

/** In the order of Qwen3-Next. */
export function groupedDeltaNetKeys(sizes: DeltaNetSizes, hidden: number): Keys {
  const { keyHeads, keyDim, valueHeads, valueDim } = sizes;
  return [
    ...stateKeys(sizes),
    ...linearKeys('linear_attn.in_proj_qkvz', 2 * (keyHeads * keyDim + valueHeads * valueDim), hidden),
    ...linearKeys('linear_attn.in_proj_ba', 2 * valueHeads, hidden),
    ...outputKeys(sizes, hidden),
  ];
}

/** In the order of Qwen3.5. */
export function separateDeltaNetKeys(sizes: DeltaNetSizes, hidden: number): Keys {
  const { keyHeads, keyDim, valueHeads, valueDim } = sizes;
  return [
    ...stateKeys(sizes),
    ...outputKeys(sizes, hidden),
    ...linearKeys('linear_attn.in_proj_qkv', 2 * keyHeads * keyDim + valueHeads * valueDim, hidden),
    ...linearKeys('linear_attn.in_proj_z', valueHeads * valueDim, hidden),
    ...linearKeys('linear_attn.in_proj_b', valueHeads, hidden),
    ...linearKeys('linear_attn.in_proj_a', valueHeads, hidden),
  ];
}
