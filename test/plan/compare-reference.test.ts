// config.json against the shapes in a checkpoint: what is wrong is named with both values, and where the checkpoint shows it.
import { expect, it } from 'vitest';
import { FAMILIES } from '../../src/models/registry.ts';
import { compareReference } from '../../src/plan/compare-reference.ts';
import { indexSources } from '../../src/plan/index-sources.ts';
import { readTrainingValues } from '../../src/plan/training-values.ts';
import { layOutKeys } from '../support/family-axes.ts';
import { shardModel } from '../support/family-sharding.ts';
import { numberTensors } from '../support/family-sharding/sharding.ts';
import { makeCheckpoint } from '../support/plan-checkpoint.ts';
import { PUBLISHED } from '../support/published-configs.ts';
import { recordRun } from '../support/training-records.ts';

const AXES = { halves: false, separateNorms: false, vocabMultiple: 1, prefix: '' };

function compare(
  name: string,
  change: object,
  axes: { readonly layers: boolean; readonly experts: boolean },
): string[] {
  const family = FAMILIES.find((one) => one.name === name);
  const config = PUBLISHED.find(([one]) => one === name)?.[2];
  if (!family || !config) throw new Error(name);
  const hf = numberTensors(family.expected(family.dimensions(config), config));
  const { checkpoint } = makeCheckpoint(layOutKeys(shardModel(name, hf, config), { ...AXES, ...axes }));
  const training = readTrainingValues(recordRun(config));
  return compareReference(indexSources(checkpoint), family.dimensions({ ...config, ...change }), training, true);
}

const LAYOUTS = [
  { layers: true, experts: true },
  { layers: false, experts: false },
];

it.each(LAYOUTS)('is silent where it fits: %j', (axes) => {
  expect(compare('qwen3-moe', {}, axes)).toEqual([]);
});

it.each(LAYOUTS)('names experts, heads, groups and layers, each once: %j', (axes) => {
  const wrong = { num_experts: 4, num_attention_heads: 2, num_key_value_heads: 1, num_hidden_layers: 2 };
  expect(compare('qwen3-moe', wrong, axes)).toEqual([
    'num_hidden_layers: config.json says 2, the checkpoint has 3 (decoder.layers)',
    'num_attention_heads: config.json says 2, the checkpoint has 4 (24 columns of self_attention.linear_proj.weight over head_dim 6)',
    'num_key_value_heads: config.json says 1, the checkpoint has 2 (48 rows of self_attention.linear_qkv.weight)',
    'number of experts: config.json says 4, the checkpoint has 3 (rows of mlp.router.weight)',
  ]);
});

it('names what shapes do not show: heads of another size', () => {
  const wrong = { head_dim: 12, num_attention_heads: 2, num_key_value_heads: 1 };
  expect(compare('qwen3', wrong, { layers: true, experts: false })).toEqual([
    'num_attention_heads: config.json says 2, the training run recorded 4 (run_config.yaml)',
    'num_key_value_heads: config.json says 1, the training run recorded 2 (run_config.yaml)',
    'head_dim: config.json says 12, the training run recorded 6 (run_config.yaml)',
  ]);
});
