// Qwen with routed experts, and Mixtral: every layout, hand-made or Megatron's own, gives the original's bytes; transformers loads what comes
// out, and computes what Megatron computes.
import { describe, expect, it } from 'vitest';
import { expectSoundLoad, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { planWith } from '../support/family-plan.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = [...caseNames('qwen_moe'), ...caseNames('mixtral')];

const { fixtureOf, parent, exported } = proveLayouts(CASES, (layout, { warnings }) => {
  expect(warnings, layout).toEqual([expect.stringMatching(/^NOT VALIDATED: the smoke generation/)]);
});

it.each(CASES)('%s has at least three layouts made by hand, and two that its own model wrote', (name) => {
  const { layouts } = fixtureOf(name);
  expect(layouts.filter((layout) => !layout.name.startsWith('real-')).length).toBeGreaterThan(2);
  expect(layouts.filter((layout) => layout.name.startsWith('real-')).length).toBeGreaterThan(1);
});

it('loads with transformers, which computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  expect(exported.length).toBeGreaterThan(4 * CASES.length);
  for (const loaded of await loadWithTransformers(exported)) {
    expect(loaded.megatron).not.toBeNull();
    expectSoundLoad(loaded);
  }
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    ['qwen3-moe', { num_experts: 6 }, 'number of experts: config.json says 6, the checkpoint has 4'],
    [
      'qwen3-moe',
      { moe_intermediate_size: 16 },
      'moe_intermediate_size: config.json says 16, the training run recorded 20',
    ],
    ['qwen3-moe', { num_experts_per_tok: 3 }, 'num_experts_per_tok: config.json says 3, the training run recorded 2'],
    ['qwen3-moe', { head_dim: 4 }, 'num_attention_heads: config.json says 4, the checkpoint has 8'],
    [
      'qwen3-moe',
      { norm_topk_prob: false },
      'moe_router_pre_softmax: config.json calls for true, the training run recorded false (common state args)',
    ],
    ['qwen3-moe', { mlp_only_layers: [1] }, 'model.layers.1.mlp.gate_proj.weight'],
    ['qwen3-moe-mixed', { mlp_only_layers: [] }, 'model.layers.1.mlp.gate.weight [4, 24]: expected'],
    ['qwen3-moe-mixed', { mlp_only_layers: 'none' }, 'mlp_only_layers must be a list of layer numbers, found "none"'],
    ['qwen3-moe-mixed', { intermediate_size: 48 }, 'intermediate_size: config.json says 48, the checkpoint has 40'],
    ['qwen2-moe', { shared_expert_intermediate_size: 32 }, 'config.json calls for [32, 24]'],
    ['qwen2-moe', { qkv_bias: false }, 'self_attention.linear_qkv.bias'],
    [
      'qwen2-moe',
      { norm_topk_prob: true },
      'moe_router_pre_softmax: config.json calls for false, the training run recorded true (common state args)',
    ],
    ['mixtral', { num_local_experts: 8 }, 'number of experts: config.json says 8, the checkpoint has 4'],
    ['mixtral', { intermediate_size: 24 }, 'config.json calls for [24, 24]'],
    ['mixtral', { num_hidden_layers: 3 }, 'num_hidden_layers: config.json says 3, the checkpoint has 2'],
  ])('%s %j', async (name, change, message) => {
    await expect(planWith(fixtureOf(name), 'local-spec', change, parent())).rejects.toThrow(message);
  });
});
