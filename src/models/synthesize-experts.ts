// The fields of a `config.json` about routed experts, from the record of a training run.
// Facts: Megatron-Core `moe/moe_utils.py` `topk_routing_with_score_function`, `gpt_layer_specs.py` (`moe_layer_freq`),
// `TransformerConfig.__post_init__`; Megatron-Bridge `model_bridge.py`, `deepseek/common.py`.
import { sparseLayers } from './layer-frequency.ts';
import type { RecordReader } from './read-record.ts';

export interface RecordedExperts {
  readonly experts: number;
  readonly topk: number;
  /** Width of one expert. */
  readonly ffn: number;
  /** Width of all shared experts together, 0 without. */
  readonly sharedFfn: number;
  readonly scores: 'softmax' | 'sigmoid';
  /** Whether the chosen scores are made to add up to 1. */
  readonly isNormed: boolean;
  readonly scale: number;
  readonly groups: number;
  readonly chosenGroups: number;
  readonly hasCorrection: boolean;
  /** Of each layer, whether it has experts. */
  readonly sparse: readonly boolean[];
}

export function readExperts(record: RecordReader, layers: number): RecordedExperts {
  const topk = record.need(record.count('moe_router_topk'), 1, 'moe_router_topk');
  const scores = record.text('moe_router_score_function') ?? 'softmax';
  if (scores !== 'softmax' && scores !== 'sigmoid') record.complain(`moe_router_score_function is ${scores}`);
  const isPreSoftmax = record.flag('moe_router_pre_softmax') === true;
  const sparse = sparseLayers(record.value('moe_layer_freq') ?? 1, layers);
  if (sparse === null) record.complain(`moe_layer_freq does not say for ${layers} layers which have experts`);
  return {
    experts: record.need(record.count('num_moe_experts', 'num_experts'), 1, 'num_moe_experts', 'num_experts'),
    topk,
    ffn: record.need(record.count('moe_ffn_hidden_size', 'ffn_hidden_size'), 1, 'moe_ffn_hidden_size'),
    sharedFfn: record.count('moe_shared_expert_intermediate_size') ?? 0,
    scores: scores === 'sigmoid' ? 'sigmoid' : 'softmax',
    // Sigmoid scores are divided by their sum where there are several; softmax scores add up to 1 when it is taken over the chosen.
    isNormed: scores === 'sigmoid' ? topk > 1 : !isPreSoftmax,
    scale: record.number('moe_router_topk_scaling_factor') ?? 1,
    groups: record.count('moe_router_num_groups') ?? 1,
    chosenGroups: record.count('moe_router_group_topk') ?? 1,
    hasCorrection: record.flag('moe_router_enable_expert_bias') === true,
    sparse: sparse ?? [],
  };
}

/** For families whose `config.json` has no fields for these. */
export function refuseUnlessPlain(record: RecordReader, experts: RecordedExperts): void {
  const { scores, scale, groups, hasCorrection } = experts;
  if (scores !== 'softmax') record.complain(`moe_router_score_function is ${scores}, softmax is needed`);
  if (scale !== 1) record.complain(`moe_router_topk_scaling_factor is ${scale}, none is possible`);
  if (groups !== 1) record.complain(`moe_router_num_groups is ${groups}, none is possible`);
  if (hasCorrection) record.complain('moe_router_enable_expert_bias is true, false is needed');
}
