// Recorded settings against config.json: silent for a run that started from it, one sentence for each thing that was changed.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { FAMILIES } from '../../src/models/registry.ts';
import type { Family } from '../../src/models/types.ts';
import { compareFactors, compareMeaning } from '../../src/plan/compare-meaning.ts';
import { compareSettings, doubtSettings } from '../../src/plan/compare-settings.ts';
import { RECORDED_SETTINGS } from '../../src/plan/recorded-settings.ts';
import { PUBLISHED } from '../support/published-configs.ts';
import { recordRun, type Published } from '../support/training-records.ts';

const SOURCE = 'run_config.yaml';
const SUFFIX = '. The export takes that of config.json; check hf_model_id.';

function familyOf(name: string): Family {
  const family = FAMILIES.find((one) => one.name === name);
  if (!family) throw new Error(name);
  return family;
}

function publishedAs(name: string, what: string): Published {
  const found = PUBLISHED.find(([family, text]) => family === name && text === what);
  if (!found) throw new Error(`${name}, ${what}`);
  return found[2];
}

/** All sentences, doubts first. */
function tell(name: string, config: Published, training: TrainingConfig): string[] {
  const family = familyOf(name);
  return [
    ...compareMeaning(family, training),
    ...compareFactors(family, config, training),
    ...doubtSettings(family, config, training),
    ...compareSettings(config, training),
  ];
}

function record(config: Published, values: Readonly<Record<string, unknown>>): TrainingConfig {
  const training = recordRun(config);
  return { ...training, values: { ...training.values, ...values } };
}

describe('a run that started from the config', () => {
  it.each(PUBLISHED)('of %s, %s, is silent', (name, _, config) => {
    expect(tell(name, config, recordRun(config))).toEqual([]);
  });

  it.each(PUBLISHED)('of %s, %s, is silent when transformers 5 has saved the config', (name, _, config) => {
    const { rope_theta: theta, rope_scaling: scaling, ...rest } = config;
    const rope = { rope_type: 'default', ...(scaling as object | null), rope_theta: theta };
    expect(tell(name, { ...rest, rope_parameters: rope }, recordRun(config))).toEqual([]);
  });

  it('says nothing where nothing was recorded', () => {
    for (const [name, , config] of PUBLISHED) expect(tell(name, config, { source: SOURCE, values: {} })).toEqual([]);
  });
});

/** What is recorded otherwise, and the sentence about it. */
const CHANGES: readonly (readonly [family: string, what: string, values: Record<string, unknown>, sentence: string])[] =
  [
    [
      'gpt-oss',
      'of three layers',
      { window_attn_skip_freq: 3 },
      'layer_types: config.json says layers 1 without a window, the training run recorded layers 2 without a window (window_attn_skip_freq of run_config.yaml)',
    ],
    [
      'gpt-oss',
      'of three layers',
      { activation_func_clamp_value: 10 },
      'swiglu_limit: config.json says 7, the training run recorded 10 (activation_func_clamp_value of run_config.yaml)',
    ],
    [
      'llama',
      'plain',
      { rotary_base: 10_000 },
      'rope_theta: config.json says 500000, the training run recorded 10000 (rotary_base of run_config.yaml)' + SUFFIX,
    ],
    [
      'llama',
      'plain',
      { layernorm_epsilon: 1e-5 },
      'rms_norm_eps: config.json says 0.000002, the training run recorded 0.00001 (layernorm_epsilon of run_config.yaml)' +
        SUFFIX,
    ],
    [
      'llama',
      'plain',
      { rope_scaling: true, rope_scaling_factor: 8 },
      'rope_scaling: config.json says none, the training run recorded llama3 by 8 (run_config.yaml)' + SUFFIX,
    ],
    [
      'llama',
      'scaled as Llama 3.1',
      { rope_scaling_factor: 8 },
      'rope_scaling: config.json says llama3 by 32, the training run recorded llama3 by 8 (run_config.yaml)' + SUFFIX,
    ],
    [
      'deepseek-v3',
      'scaled with YaRN, with MTP',
      { rotary_scaling_factor: 4 },
      'rope_scaling: config.json says yarn by 40, the training run recorded yarn by 4 (rotary_scaling_factor of run_config.yaml)' +
        SUFFIX,
    ],
    [
      'deepseek-v3',
      'scaled with YaRN, with MTP',
      { mtp_num_layers: 2 },
      'num_nextn_predict_layers: config.json says 1, the training run recorded 2 (mtp_num_layers of run_config.yaml)' +
        SUFFIX,
    ],
    [
      'mistral',
      'with a window',
      { window_size: [4095, 0] },
      'sliding_window: config.json says 128, the training run recorded [4095,0] (window_size of run_config.yaml)',
    ],
    [
      'llama',
      'plain',
      { softmax_type: 'off-by-one' },
      'model_type: config.json says vanilla, the training run recorded off-by-one (softmax_type of run_config.yaml)',
    ],
    [
      'qwen3-moe',
      'normed',
      { num_moe_experts: 6 },
      'num_experts: config.json says 3, the training run recorded 6 (num_moe_experts of run_config.yaml)',
    ],
    [
      'qwen3-moe',
      'normed',
      { moe_router_topk: 1 },
      'num_experts_per_tok: config.json says 2, the training run recorded 1 (moe_router_topk of run_config.yaml)',
    ],
    [
      'qwen3-moe',
      'normed',
      { moe_ffn_hidden_size: 16 },
      'moe_intermediate_size: config.json says 8, the training run recorded 16 (moe_ffn_hidden_size of run_config.yaml)',
    ],
    [
      'qwen3-moe',
      'normed',
      { moe_layer_freq: [0, 1, 1] },
      'decoder_sparse_step: config.json says no dense layers, the training run recorded dense layers 0 (moe_layer_freq of run_config.yaml)',
    ],
    [
      'qwen2-moe',
      'with a shared expert',
      { moe_shared_expert_intermediate_size: 8 },
      'shared_expert_intermediate_size: config.json says 12, the training run recorded 8 (moe_shared_expert_intermediate_size of run_config.yaml)',
    ],
    [
      'mixtral',
      'with a window',
      { moe_ffn_hidden_size: 12 },
      'intermediate_size: config.json says 24, the training run recorded 12 (moe_ffn_hidden_size of run_config.yaml)',
    ],
    [
      'deepseek-v3',
      'plain',
      { moe_shared_expert_intermediate_size: 8 },
      'n_shared_experts: config.json says 16, the training run recorded 8 (moe_shared_expert_intermediate_size of run_config.yaml)',
    ],
    [
      'deepseek-v3',
      'plain',
      { moe_router_topk_scaling_factor: 1 },
      'routed_scaling_factor: config.json says 2.5, the training run recorded 1 (moe_router_topk_scaling_factor of run_config.yaml)',
    ],
    [
      'deepseek-v3',
      'plain',
      { moe_router_num_groups: 4 },
      'n_group: config.json says 2, the training run recorded 4 (moe_router_num_groups of run_config.yaml)',
    ],
    [
      'deepseek-v3',
      'plain',
      { moe_router_group_topk: 2 },
      'topk_group: config.json says 1, the training run recorded 2 (moe_router_group_topk of run_config.yaml)',
    ],
    [
      'deepseek-v3',
      'plain',
      { moe_layer_freq: [0, 0, 1] },
      'first_k_dense_replace: config.json says dense layers 0, the training run recorded dense layers 0, 1 (moe_layer_freq of run_config.yaml)',
    ],
    [
      'nemotron-h',
      'with experts',
      { hybrid_layer_pattern: 'ME-*' },
      'hybrid_override_pattern: config.json says ME*-, the training run recorded ME-* (hybrid_layer_pattern of run_config.yaml)',
    ],
    [
      'nemotron-h',
      'with experts',
      { moe_router_topk: 3 },
      'num_experts_per_tok: config.json says 2, the training run recorded 3 (moe_router_topk of run_config.yaml)',
    ],
  ];

describe('a run that differs', () => {
  it.each(CHANGES)('from %s, %s, by %j is named once', (name, what, values, sentence) => {
    const config = publishedAs(name, what);
    expect(tell(name, config, record(config, values))).toEqual([sentence]);
  });

  it('in a setting that the family judges itself is named once as well', () => {
    const config = publishedAs('qwen3-moe', 'normed');
    expect(tell('qwen3-moe', config, record(config, { moe_router_pre_softmax: true }))).toHaveLength(1);
    const v3 = publishedAs('deepseek-v3', 'plain');
    expect(tell('deepseek-v3', v3, record(v3, { moe_router_score_function: 'softmax' }))).toHaveLength(1);
    expect(tell('deepseek-v3', v3, record(v3, { q_lora_rank: 8 }))).toHaveLength(1);
    expect(tell('deepseek-v3', v3, record(v3, { kv_lora_rank: 8 }))).toHaveLength(1);
    const hybrid = publishedAs('nemotron-h', 'with experts');
    expect(tell('nemotron-h', hybrid, record(hybrid, { mamba_num_groups: 4 }))).toHaveLength(1);
  });
});

describe('spellings', () => {
  const llama = publishedAs('llama', 'plain');
  const moe = publishedAs('qwen3-moe', 'normed');

  it.each([
    ['a float32 epsilon', llama, { layernorm_epsilon: 1.9999999949504854e-6 }],
    ['a window with the own token', publishedAs('mistral', 'with a window'), { window_size: [128, 0] }],
    ['a number for all layers', moe, { moe_layer_freq: [1, 1, 1] }],
    ["Megatron-LM's name for experts", moe, { num_moe_experts: undefined, num_experts: 3 }],
    ["Megatron-LM's idle factor", llama, { rope_scaling: undefined, use_rope_scaling: false, rope_scaling_factor: 8 }],
    ['no positions', llama, { position_embedding_type: 'none', rotary_base: 1, rotary_percent: 0.5 }],
    ['stage ends and MTP parts', publishedAs('nemotron-h', 'with experts'), { hybrid_layer_pattern: 'M|E*-/*E' }],
    ['idle router of a dense model', llama, { moe_router_topk: 2, moe_layer_freq: [0], moe_ffn_hidden_size: 1 }],
    ['no MTP in the run', publishedAs('deepseek-v3', 'scaled with YaRN, with MTP'), { mtp_num_layers: 0 }],
    ['two bases of Gemma 3', llama, { rotary_base: [10_000, 1_000_000] }],
  ])('%s is no disagreement', (_, config, values) => {
    const training = record(config, values);
    const names = PUBLISHED.filter(([, , one]) => one === config).map(([name]) => name);
    expect(
      names.flatMap((name) => [
        ...doubtSettings(familyOf(name), config, training),
        ...compareSettings(config, training),
      ]),
    ).toEqual([]);
  });

  it('a list of block types is the pattern', () => {
    const { hybrid_override_pattern: _, ...rest } = publishedAs('nemotron-h', 'with experts');
    const blocks = ['linear_attention', 'moe', 'full_attention', 'mlp'];
    const training = recordRun(publishedAs('nemotron-h', 'with experts'));
    const [one, other] = [blocks, blocks.toReversed()].map((list) =>
      doubtSettings(familyOf('nemotron-h'), { ...rest, layers_block_type: list }, training),
    );
    expect(one).toEqual([]);
    expect(other).toEqual([
      'layers_block_type: config.json says -*EM, the training run recorded ME*- (hybrid_layer_pattern of run_config.yaml)',
    ]);
  });
});

it('has no row that a family of latent attention judges itself', () => {
  const config = publishedAs('deepseek-v3', 'plain');
  const own = Object.keys(familyOf('deepseek-v3').recorded?.(config) ?? {});
  expect(own).toEqual(['q_lora_rank', 'kv_lora_rank', 'qk_head_dim', 'qk_pos_emb_head_dim']);
  expect(RECORDED_SETTINGS.filter(({ recorded }) => recorded.some((name) => own.includes(name)))).toEqual([]);
});

it('reads the layers for multi-token prediction by each of their names', () => {
  const config = { model_type: 'glm4_moe', num_hidden_layers: 2, num_mtp_layers: 1 };
  expect(compareSettings(config, { source: SOURCE, values: { mtp_num_layers: 2 } })).toEqual([
    `num_mtp_layers: config.json says 1, the training run recorded 2 (mtp_num_layers of run_config.yaml)${SUFFIX}`,
  ]);
});

it('has one row for a recorded name', () => {
  const names = RECORDED_SETTINGS.flatMap(({ recorded }) => recorded);
  expect(names.filter((name, k) => names.indexOf(name) !== k)).toEqual([]);
});
