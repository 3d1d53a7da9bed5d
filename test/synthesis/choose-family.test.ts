// For each family: a run that started from a published config gives that very config back, in the fields and in the eyes of transformers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint, TrainingConfig } from '../../src/checkpoint/types.ts';
import { FAMILIES } from '../../src/models/registry.ts';
import { chooseFamily, type Choice } from '../../src/synthesis/choose-family.ts';
import { serializeConfig } from '../../src/synthesis/serialize-config.ts';
import { layOutKeys } from '../support/family-axes.ts';
import { shardModel } from '../support/family-sharding.ts';
import { numberTensors } from '../support/family-sharding/sharding.ts';
import { makeCheckpoint } from '../support/plan-checkpoint.ts';
import { PUBLISHED } from '../support/published-configs.ts';
import { runPython } from '../support/run-python.ts';
import { recordRun, type Published } from '../support/training-records.ts';

const AXES = { layers: false, experts: false, halves: false, separateNorms: false, vocabMultiple: 8, prefix: '' };

function checkpointOf(name: string, config: Published): Checkpoint {
  const family = FAMILIES.find((one) => one.name === name);
  if (!family) throw new Error(name);
  const hf = numberTensors(family.expected(family.dimensions(config), config));
  return makeCheckpoint(layOutKeys(shardModel(name, hf, config), AXES)).checkpoint;
}

function choose(name: string, config: Published, training: TrainingConfig = recordRun(config)): Choice {
  const checkpoint = checkpointOf(name, config);
  const hasOutputLayer = checkpoint.tensors.has('output_layer.weight');
  return chooseFamily(FAMILIES, checkpoint, { training, stored: { vocabularyRows: 56, hasOutputLayer } });
}

function change(config: Published, values: Readonly<Record<string, unknown>>): TrainingConfig {
  const training = recordRun(config);
  return { ...training, values: { ...training.values, ...values } };
}

const configOf = (family: string, what: string): Published => {
  const found = PUBLISHED.find(([name, text]) => name === family && text === what);
  if (!found) throw new Error(`${family}, ${what}`);
  return found[2];
};

it.each(PUBLISHED)('%s, %s: the config comes back', (family, _, config) => {
  const { chosen, refused } = choose(family, config);
  expect(chosen?.family.name, refused.join('\n')).toBe(family);
  expect(chosen?.result).toMatchObject(config);
  expect(chosen?.assumed.map(({ field }) => field)).toEqual(['max_position_embeddings']);
});

it('transformers reads the same model from all of them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'synthesis-'));
  try {
    const pairs = PUBLISHED.map(([family, , config]) => [choose(family, config).chosen?.result ?? {}, config]);
    const texts = pairs.map((pair) => `[${pair.map(serializeConfig).join(',')}]`);
    await writeFile(join(directory, 'pairs.json'), `[${texts.join(',')}]`);
    const script = join(import.meta.dirname, '../support/compare_configs.py');
    const stdout = await runPython(script, [join(directory, 'pairs.json')]);
    const differences = JSON.parse(stdout) as Record<string, [unknown, unknown]>[];
    expect(Object.fromEntries(PUBLISHED.map(([family, what], k) => [`${family}, ${what}`, differences[k]]))).toEqual(
      Object.fromEntries(PUBLISHED.map(([family, what]) => [`${family}, ${what}`, {}])),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

describe('the family', () => {
  const llama = configOf('llama', 'plain');

  it('of Llama and Mistral without a window is the one that the run named, else Llama', () => {
    expect(choose('llama', llama).chosen?.family.name).toBe('llama');
    const named = change(llama, { hf_model_id: 'mistralai/Mistral-7B-v0.3' });
    expect(choose('llama', llama, named).chosen?.family.name).toBe('mistral');
    expect(choose('llama', llama, named).fitting.map(({ family }) => family.name)).toEqual(['llama', 'mistral']);
  });

  it('is none where nothing can express the record, and each says why', () => {
    const { chosen, fitting, refused } = choose(
      'llama',
      llama,
      change(llama, { add_qkv_bias: true, window_size: [7, 0] }),
    );
    expect([chosen, fitting]).toEqual([null, []]);
    const told = refused.join('\n');
    expect(told).toContain(
      'llama: a bias on query, key and value alone (add_qkv_bias) is not possible; a sliding window',
    );
    expect(told).toContain('mistral: biases (add_bias_linear, add_qkv_bias) are not possible');
    expect(told).toContain('qwen2: a sliding window (window_size) is not possible');
  });

  it('is none where the record lacks what decides the numbers: all of it is named', () => {
    const missing = {
      rotary_base: null,
      layernorm_epsilon: undefined,
      num_layers: null,
      position_embedding_type: null,
    };
    const { refused } = choose('llama', llama, change(llama, missing));
    const wanted = ['num_layers', 'rotary_base', 'position_embedding_type', 'layernorm_epsilon or norm_epsilon'];
    expect(refused.find((text) => text.startsWith('llama: '))).toBe(
      `llama: ${wanted.map((name) => `run_config.yaml does not say ${name}`).join('; ')}`,
    );
  });

  it('is none where the recorded meaning is another', () => {
    const { refused } = choose('llama', llama, change(llama, { layernorm_zero_centered_gamma: true }));
    expect(refused.join()).toContain('layernorm_zero_centered_gamma: family llama needs false');
  });

  it.each([
    ['qwen3-moe', 'normed', { moe_router_score_function: 'sigmoid' }, 'moe_router_score_function is sigmoid'],
    ['qwen3-moe', 'normed', { moe_router_topk_scaling_factor: 2.5 }, 'moe_router_topk_scaling_factor is 2.5'],
    ['qwen3-moe', 'normed', { moe_layer_freq: [1, 1] }, 'moe_layer_freq does not say for 3 layers'],
    ['qwen3-moe', 'normed', { num_layers: 2 ** 40 }, 'moe_layer_freq does not say for 1099511627776 layers'],
    [
      'gpt-oss',
      'of three layers',
      { window_attn_skip_freq: [1, 0] },
      'window_attn_skip_freq does not say for 3 layers',
    ],
    ['gpt-oss', 'of three layers', { glu_linear_offset: null }, 'run_config.yaml does not say glu_linear_offset'],
    ['deepseek-v3', 'plain', { moe_layer_freq: [1, 0, 1] }, 'a dense layer behind one with experts'],
    [
      'deepseek-v3',
      'plain',
      { moe_shared_expert_intermediate_size: 12 },
      '(12) must be a multiple of moe_ffn_hidden_size (8)',
    ],
    [
      'deepseek-v3',
      'plain',
      { rope_type: 'rope', rotary_scaling_factor: 40 },
      'rope_type is rope, and mscale_all_dim 1',
    ],
    [
      'llama',
      'scaled as Llama 3.1',
      { seq_len_interpolation_factor: 2 },
      'seq_len_interpolation_factor is 2 beside rope_scaling of type llama3 with factor 32',
    ],
    [
      'qwen2',
      'scaled with YaRN',
      { seq_len_interpolation_factor: 8 },
      'seq_len_interpolation_factor is 8 beside rope_scaling of type yarn with factor 4',
    ],
    ['nemotron-h', 'with experts', { hybrid_layer_pattern: 'ME*-/*E/*-' }, 'the MTP parts of ME*-/*E/*- differ'],
  ])('%s, %s: refuses %j', (family, what, values, problem) => {
    const config = configOf(family, what);
    const { chosen, refused } = choose(family, config, change(config, values));
    expect(chosen).toBeNull();
    expect(refused.find((text) => text.startsWith(`${family}: `))).toContain(problem);
  });
});

describe('the record', () => {
  it("is Megatron-LM's as well, whose groups, norms, ties and lengths have other names", () => {
    const config = configOf('qwen2', 'plain');
    const { values } = change(config, {
      num_query_groups: 1,
      group_query_attention: false,
      share_embeddings_and_output_weights: undefined,
      untie_embeddings_and_output_weights: true,
      layernorm_epsilon: undefined,
      norm_epsilon: 2e-6,
      max_position_embeddings: 1024,
      vocab_size: null,
    });
    const { chosen } = choose('qwen2', { ...config, num_key_value_heads: 4 }, { source: 'common state args', values });
    expect(chosen?.result).toMatchObject({
      num_key_value_heads: 4,
      tie_word_embeddings: false,
      rms_norm_eps: 2e-6,
      max_position_embeddings: 1024,
      vocab_size: 56,
    });
    expect(chosen?.assumed).toEqual([
      {
        field: 'vocab_size',
        value: 56,
        why: 'all rows of the embedding, since the run did not record how many of them are padding',
      },
    ]);
  });

  it('of a unified hybrid pattern is taken apart, stages and MTP', () => {
    const config = configOf('nemotron-h', 'with latent experts and MTP');
    const unified = change(config, {
      hybrid_layer_pattern: 'ME|*-/*E',
      mtp_hybrid_override_pattern: null,
      mtp_num_layers: null,
    });
    expect(choose('nemotron-h', config, unified).chosen?.result).toMatchObject(config);
  });

  it("of the model classes before Megatron-Bridge 0.3 has Llama 3's scaling in fields of its own", () => {
    const config = configOf('llama', 'scaled as Llama 3.1');
    const older = change(config, {
      rope_scaling: undefined,
      rope_scaling_factor: undefined,
      scale_factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      old_context_len: 8192,
    });
    expect(choose('llama', config, older).chosen?.result).toMatchObject(config);
  });

  it.each([
    ['qwen2', 'scaled with YaRN', 512],
    ['deepseek-v3', 'scaled with YaRN, with MTP', 163_840],
  ])('of a %s %s reaches factor times original length, however short its training was', (family, what, reach) => {
    const config = configOf(family, what);
    const { chosen } = choose(family, config, change(config, { seq_length: 128 }));
    expect(chosen?.result).toMatchObject({ max_position_embeddings: reach });
    expect(chosen?.assumed).toContainEqual({
      field: 'max_position_embeddings',
      value: reach,
      why: "YaRN's factor times original_max_position_embeddings, from whose ratio transformers 4 takes the factor",
    });
    const longer = {
      source: 'common state args',
      values: change(config, { max_position_embeddings: reach }).values,
    } as const;
    expect(choose(family, config, longer).chosen?.assumed.map(({ field }) => field)).not.toContain(
      'max_position_embeddings',
    );
  });
});
