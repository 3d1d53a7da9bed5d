// Qwen3-Next and Qwen3.5: every layout, hand-made or Megatron's own, gives the original's bytes; transformers loads what comes out, and
// computes what Megatron computes.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QWEN3_NEXT } from '../../src/models/qwen3-next.ts';
import { compareMeaning } from '../../src/plan/compare-meaning.ts';
import { expectSoundLoad, exportLayout, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { planWith } from '../support/family-plan.ts';
import { digestTensors } from '../support/rank-conversion.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = caseNames('qwen_hybrid');
const MTP = /^mtp\./;
const { fixtureOf, parent, exported } = proveLayouts(CASES);

it('has layouts by Megatron itself, of gated delta nets cut over tensor and pipeline ranks', () => {
  const layouts = CASES.flatMap((name) => fixtureOf(name).layouts.map((layout) => `${name} ${layout.name}`));
  expect(layouts).toEqual(
    expect.arrayContaining([
      'qwen3-next real-tp2-ep2',
      'qwen3-next real-pp2',
      'qwen3-next real-singleton',
      'qwen3.5 real-tp2',
      'qwen3.5-moe real-tp2-ep2',
    ]),
  );
});

it('transformers loads every export, and computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  const loaded = await loadWithTransformers(exported);
  expect(loaded.length).toBeGreaterThan(2 * CASES.length);
  for (const [index, report] of loaded.entries()) {
    // `_keys_to_ignore_on_load_unexpected` of transformers names mtp.*.
    expectSoundLoad(report);
    expect(report.megatron === null).toBe(exported[index]?.name === 'qwen3-next-published');
  }
});

it('a cast spares what the published Qwen3.5 keeps in float32', async () => {
  const fixture = fixtureOf('qwen3.5');
  const [layout] = fixture.layouts;
  if (!layout) throw new Error('qwen3.5 has no layout');
  const { directory } = await exportLayout(fixture, layout, { dtype: 'float16', hf_path: join(parent(), 'float16') });
  const kept = Object.entries(await digestTensors(directory)).filter(([, { dtype }]) => dtype !== 'F16');
  expect(kept.map(([name]) => name).sort()).toEqual([
    'model.layers.0.linear_attn.A_log',
    'model.layers.0.linear_attn.norm.weight',
  ]);
  for (const [name, tensor] of kept) expect(tensor).toEqual(fixture.expected[name]);
});

describe('the layer for multi-token prediction', () => {
  it('is left out by name where config.json denies it', async () => {
    const fixture = fixtureOf('qwen3-next-published');
    const change = { num_nextn_predict_layers: 0 };
    const { dropped, produced } = (await planWith(fixture, 'per-layer', change, parent())).books;
    // Four around it; two norms, three of attention and two of its heads, the router, two of the experts, three of the shared one.
    expect(dropped.find(({ rule }) => rule === 'mtp')?.tensors).toBe(4 + 2 + 2 + 2 + 1 + 2 + 3);
    expect(produced).toBe(Object.keys(fixture.expected).filter((key) => !MTP.test(key)).length);
  });

  it('is excused by name where the checkpoint has none', async () => {
    const change = { mtp_num_hidden_layers: 1 };
    const { excused } = (await planWith(fixtureOf('qwen3.5-moe'), 'per-layer', change, parent())).books;
    expect(excused.map(({ rule }) => rule)).toEqual(['mtp']);
    expect(excused[0]?.examples).toContain('mtp.fc.weight');
  });

  it('is one at the most', async () => {
    const plan = planWith(fixtureOf('qwen3.5'), 'per-layer', { mtp_num_hidden_layers: 2 }, parent());
    await expect(plan).rejects.toThrow('mtp_num_hidden_layers must be 0 or 1, found 2');
  });
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    ['qwen3-next', { num_key_value_heads: 4 }, 'num_key_value_heads: config.json says 4, the checkpoint has 2'],
    ['qwen3-next', { head_dim: 16 }, 'num_attention_heads: config.json says 4, the checkpoint has 2'],
    [
      'qwen3-next',
      { linear_num_key_heads: 3 },
      'linear_num_value_heads (4) must be a multiple of linear_num_key_heads (3)',
    ],
    [
      'qwen3-next',
      { linear_key_head_dim: 8 },
      'linear_key_head_dim: config.json calls for 8, the training run recorded 6',
    ],
    // Equal shapes: only the record of the run tells.
    [
      'qwen3-next',
      { linear_num_key_heads: 4, linear_key_head_dim: 3 },
      'linear_num_key_heads: config.json calls for 4, the training run recorded 2',
    ],
    [
      'qwen3-next',
      { norm_topk_prob: false },
      'moe_router_pre_softmax: config.json calls for true, the training run recorded false',
    ],
    ['qwen3-next', { layer_types: ['full_attention', 'linear_attention'] }, 'model.layers.0.self_attn.q_proj.weight'],
    [
      'qwen3-next',
      { layer_types: ['linear_attention'] },
      'layer_types must name 2 layers (num_hidden_layers), found 1',
    ],
    [
      'qwen3-next',
      { layer_types: ['linear_attention', 'sliding_attention'] },
      'layer_types must be made of linear_attention and full_attention, found sliding_attention',
    ],
    ['qwen3-next', { shared_expert_intermediate_size: 16 }, 'shared_expert_intermediate_size: config.json says 16'],
    ['qwen3-next-published', { mlp_only_layers: [] }, 'model.layers.1.mlp.gate.weight [4, 24]: expected'],
    ['qwen3.5', { intermediate_size: 48 }, 'intermediate_size: config.json says 48, the checkpoint has 40'],
    ['qwen3.5', { linear_conv_kernel_dim: 4 }, 'config.json calls for [44, 1, 4]'],
    ['qwen3.5-moe', { num_experts: 6 }, 'mlp.router.weight'],
  ])('%s %j', async (name, change, message) => {
    await expect(planWith(fixtureOf(name), 'per-layer', change, parent())).rejects.toThrow(message);
  });

  it.each([
    ['gated_delta_net', []],
    ['gdn', []],
    [
      'gdn2',
      [
        'experimental_attention_variant: family qwen3-next needs gated_delta_net or gdn, the training run recorded gdn2 (run_config.yaml)',
      ],
    ],
  ])('a run of %s', (variant, doubts) => {
    const values = { experimental_attention_variant: variant };
    expect(compareMeaning(QWEN3_NEXT, { source: 'run_config.yaml', values })).toEqual(doubts);
  });

  it('norms that the run did not centre at zero', async () => {
    const fixture = fixtureOf('qwen3.5');
    const plan = planWith(fixture, 'per-layer', { architectures: ['Qwen3ForCausalLM'] }, parent());
    await expect(plan).rejects.toThrow('family qwen3 needs false, the training run recorded true');
  });
});
