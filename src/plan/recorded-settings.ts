// Every setting that is compared between what the training run recorded and `config.json`; docs/config-checks.md is made from this table.
// Facts: Megatron-Bridge `model_bridge.py` (`CONFIG_MAPPING`) and what its family bridges set besides; Megatron-Core `TransformerConfig`;
// Megatron-LM's arguments. A side that says nothing, or something of an unknown form, is silent.
import { EXPERT_SETTINGS } from './expert-settings.ts';
import { configuredScaling, recordedScaling } from './rope-scaling.ts';
import { numbersAgree, setting, textsAgree, type RecordedSetting } from './setting.ts';
import {
  configuredFull,
  configuredPattern,
  hasLatentAttention,
  hasRotary,
  isHybrid,
  recordedFull,
  recordedPattern,
  windowsAgree,
} from './setting-facts.ts';

const LATENT = { models: 'with latent attention', when: hasLatentAttention } as const;
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
  setting({ recorded: ['q_lora_rank'], config: ['q_lora_rank'], ...LATENT }),
  setting({ recorded: ['kv_lora_rank'], config: ['kv_lora_rank'], ...LATENT }),
  setting({ recorded: ['qk_head_dim'], config: ['qk_nope_head_dim'], ...LATENT }),
  setting({ recorded: ['qk_pos_emb_head_dim'], config: ['qk_rope_head_dim'], ...LATENT }),
  setting({ recorded: ['v_head_dim'], config: ['v_head_dim'], ...LATENT }),
  setting({
    recorded: ['hybrid_layer_pattern', 'hybrid_override_pattern'],
    config: ['hybrid_override_pattern', 'layers_block_type'],
    how: 'the same kind for each layer; stage ends and MTP parts aside',
    ...HYBRID,
    says: configuredPattern,
    has: recordedPattern,
    agree: textsAgree,
  }),
  setting({ recorded: ['mamba_num_heads'], config: ['mamba_num_heads'], ...HYBRID }),
  setting({ recorded: ['mamba_head_dim'], config: ['mamba_head_dim'], ...HYBRID }),
  setting({ recorded: ['mamba_state_dim'], config: ['ssm_state_size'], ...HYBRID }),
  setting({ recorded: ['mamba_num_groups'], config: ['mamba_n_groups', 'n_groups'], ...HYBRID }),
  setting({
    recorded: ['mtp_num_layers'],
    config: ['num_nextn_predict_layers', 'mtp_num_hidden_layers'],
    how: 'equal numbers, where neither is 0: either side may lack the part',
    failsStrict: false,
    agree: (says, has) => says === 0 || has === 0 || numbersAgree(says, has),
  }),
];
