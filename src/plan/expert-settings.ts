// The rows of recorded-settings.ts about routed experts.
// Facts: Megatron-Core `moe/moe_utils.py` `topk_routing_with_score_function`: a softmax over all experts (`moe_router_pre_softmax`) leaves
// the scores of the best as they are, one over the best makes them add up to 1, which transformers calls `norm_topk_prob`.
import { setting, textsAgree, type RecordedSetting } from './setting.ts';
import { configuredDense, hasExperts, isHybrid, pick, recordedDense, type SettingFacts } from './setting-facts.ts';

const EXPERTS = { models: 'with experts', when: hasExperts } as const;

export const EXPERT_SETTINGS: readonly RecordedSetting[] = [
  setting({
    recorded: ['num_moe_experts', 'num_experts'],
    config: ['num_local_experts', 'num_experts', 'n_routed_experts'],
    ...EXPERTS,
  }),
  setting({
    recorded: ['moe_ffn_hidden_size'],
    config: ['moe_intermediate_size', 'intermediate_size'],
    how: 'equal numbers; the second name where all layers have experts (Mixtral, GPT-OSS)',
    ...EXPERTS,
    says: ({ config }) =>
      pick(config, ['moe_intermediate_size', ...(config['num_local_experts'] == null ? [] : ['intermediate_size'])]),
  }),
  setting({
    recorded: ['moe_shared_expert_intermediate_size'],
    config: ['moe_shared_expert_intermediate_size', 'shared_expert_intermediate_size', 'n_shared_experts'],
    how: 'equal numbers; the last name times moe_intermediate_size',
    ...EXPERTS,
    says: ({ config }) =>
      pick(config, ['moe_shared_expert_intermediate_size', 'shared_expert_intermediate_size']) ?? allShared(config),
  }),
  setting({ recorded: ['moe_latent_size'], config: ['moe_latent_size'], ...EXPERTS }),
  setting({
    recorded: ['moe_layer_freq'],
    config: ['first_k_dense_replace', 'decoder_sparse_step', 'mlp_only_layers', 'mlp_layer_types'],
    how: 'the same layers without experts',
    models: 'with experts, not hybrid',
    when: (facts) => hasExperts(facts) && !isHybrid(facts),
    says: configuredDense,
    has: recordedDense,
    agree: textsAgree,
  }),
  setting({ recorded: ['moe_router_topk'], config: ['num_experts_per_tok', 'experts_per_token'], ...EXPERTS }),
  setting({
    recorded: ['moe_router_score_function'],
    config: ['scoring_func'],
    how: 'equal texts',
    ...EXPERTS,
    agree: textsAgree,
  }),
  setting({
    recorded: ['moe_router_pre_softmax'],
    config: ['norm_topk_prob'],
    how: 'one is true where the other is false',
    models: 'with experts, scored by softmax',
    when: (facts) => hasExperts(facts) && isScoredBySoftmax(facts),
    agree: (says, has) => typeof says !== 'boolean' || typeof has !== 'boolean' || says !== has,
  }),
  setting({ recorded: ['moe_router_topk_scaling_factor'], config: ['routed_scaling_factor'], ...EXPERTS }),
  setting({ recorded: ['moe_router_num_groups'], config: ['n_group'], ...EXPERTS }),
  setting({ recorded: ['moe_router_group_topk'], config: ['topk_group'], ...EXPERTS }),
];

function isScoredBySoftmax({ config, values }: SettingFacts): boolean {
  return (values['moe_router_score_function'] ?? 'softmax') === 'softmax' && config['scoring_func'] !== 'sigmoid';
}

function allShared({
  moe_intermediate_size: one,
  n_shared_experts: count,
}: SettingFacts['config']): number | undefined {
  return typeof one === 'number' && typeof count === 'number' && count > 0 ? one * count : undefined;
}
