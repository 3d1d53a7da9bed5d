// Every setting that is compared between what the training run recorded and `config.json`; docs/config-checks.md is made from this table.
// Facts: Megatron-Bridge `model_bridge.py` (`CONFIG_MAPPING`) and what its family bridges set besides; Megatron-Core `TransformerConfig`;
// Megatron-LM's arguments. A side that says nothing, or something of an unknown form, is silent.
import { spellPattern } from '../models/hybrid-pattern.ts';
import { MTP_FIELDS } from '../models/mtp-fields.ts';
import { EXPERT_SETTINGS } from './expert-settings.ts';
import { configuredScaling, recordedScaling } from './rope-scaling.ts';
import { numbersAgree, setting, textsAgree, type RecordedSetting } from './setting.ts';
import {
  configuredFull,
  hasLatentAttention,
  hasRotary,
  isHybrid,
  recordedFull,
  recordedPattern,
  windowsAgree,
} from './setting-facts.ts';

const HYBRID = { models: 'hybrid', when: isHybrid } as const;

export const RECORDED_SETTINGS: readonly RecordedSetting[] = [
  setting({
    recorded: ['rotary_base'],
    config: ['rope_theta', 'rope_parameters.rope_theta', 'rope_scaling.rope_theta'],
    models: 'with rotary positions',
    failsStrict: false,
    when: hasRotary,
  }),
  setting({
    recorded: ['rotary_percent'],
    config: ['partial_rotary_factor', 'rope_parameters.partial_rotary_factor'],
    models: 'with rotary positions, without latent attention',
    failsStrict: false,
    when: (facts) => hasRotary(facts) && !hasLatentAttention(facts),
  }),
  setting({
    recorded: [
      'rotary_scaling_factor',
      'yarn_rotary_scaling_factor',
      'seq_len_interpolation_factor',
      'rotary_seq_len_interpolation_factor',
      'rope_scaling',
      'use_rope_scaling',
      'rope_scaling_factor',
      'position_embedding_type',
    ],
    config: ['rope_scaling', 'rope_parameters'],
    how: 'the same kind of scaling (none, linear, llama3, yarn) by the same factor',
    models: 'with rotary positions',
    failsStrict: false,
    says: configuredScaling,
    has: recordedScaling,
    agree: textsAgree,
  }),
  setting({
    recorded: ['layernorm_epsilon', 'norm_epsilon'],
    config: ['rms_norm_eps', 'layer_norm_epsilon', 'norm_eps', 'norm_epsilon', 'layer_norm_eps'],
    failsStrict: false,
  }),
  setting({
    recorded: ['window_size'],
    config: ['sliding_window'],
    how: 'the left side of the window, or one more',
    models: 'without `use_sliding_window: false`',
    when: ({ config }) => config['use_sliding_window'] !== false,
    agree: (says, has) => says === undefined || windowsAgree(says, has),
  }),
  setting({
    recorded: ['window_attn_skip_freq'],
    config: ['layer_types'],
    how: 'the same layers without a window',
    models: 'with a window',
    says: configuredFull,
    has: recordedFull,
    agree: textsAgree,
  }),
  setting({ recorded: ['activation_func_clamp_value'], config: ['swiglu_limit'] }),
  setting({
    recorded: ['softmax_type'],
    config: ['model_type'],
    how: '`learnable` for gpt_oss, `vanilla` for all others',
    says: ({ config }) => {
      const kind = config['model_type'];
      return typeof kind === 'string' ? (kind === 'gpt_oss' ? 'learnable' : 'vanilla') : undefined;
    },
    agree: textsAgree,
  }),
  setting({ recorded: ['attn_logit_softcapping'], config: ['attn_logit_softcapping'] }),
  setting({ recorded: ['final_logit_softcapping'], config: ['final_logit_softcapping'] }),
  setting({ recorded: ['query_pre_attn_scalar'], config: ['query_pre_attn_scalar'] }),
  ...EXPERT_SETTINGS,
  // The other sizes of latent attention are rows of the families that have it: a config may leave them to the class.
  setting({
    recorded: ['v_head_dim'],
    config: ['v_head_dim'],
    models: 'with latent attention',
    when: hasLatentAttention,
  }),
  setting({
    recorded: ['hybrid_layer_pattern', 'hybrid_override_pattern'],
    config: ['hybrid_override_pattern', 'layers_block_type'],
    how: 'the same kind for each layer; stage ends and MTP parts aside',
    ...HYBRID,
    says: ({ config }) => spellPattern(config),
    has: recordedPattern,
    agree: textsAgree,
  }),
  setting({ recorded: ['mamba_num_heads'], config: ['mamba_num_heads'], ...HYBRID }),
  setting({ recorded: ['mamba_head_dim'], config: ['mamba_head_dim'], ...HYBRID }),
  setting({ recorded: ['mamba_state_dim'], config: ['ssm_state_size'], ...HYBRID }),
  setting({ recorded: ['mamba_num_groups'], config: ['mamba_n_groups', 'n_groups'], ...HYBRID }),
  setting({
    recorded: ['mtp_num_layers'],
    config: MTP_FIELDS,
    how: 'equal numbers, where neither is 0: either side may lack the part',
    failsStrict: false,
    agree: (says, has) => says === 0 || has === 0 || numbersAgree(says, has),
  }),
];
