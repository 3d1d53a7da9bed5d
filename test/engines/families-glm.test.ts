// GLM-4 and GLM-4.5: every layout, hand-made or Megatron's own, gives the original's bytes; transformers loads what comes out, and computes
// what Megatron computes.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectSoundLoad, exportLayout, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { planWith } from '../support/family-plan.ts';
import { digestTensors } from '../support/rank-conversion.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = [...caseNames('glm4'), ...caseNames('glm4_moe')];
/** Neither megatron-core nor a patch that we know of stores the norms so and runs on a CPU. */
const HAND_MADE = 'glm4-norms-in-parts';
/** Tensors of one layer for multi-token prediction, without the copies of embedding and output layer. */
const MTP_TENSORS = 32;
/** Of embedding and output layer. */
const COPIES = 2;
/** transformers joins those of four experts, three each, into two before it asks who needs them. */
const JOINED = 4 * 3 - 2;

const { fixtureOf, parent, exported } = proveLayouts(CASES);

it('has layouts by Megatron itself, at every kind of parallelism', () => {
  const layouts = CASES.flatMap((name) => fixtureOf(name).layouts.map((layout) => `${name} ${layout.name}`));
  expect(layouts).toEqual(
    expect.arrayContaining([
      'glm4 real-tp2',
      'glm4 real-pp2',
      'glm4-moe real-tp2-ep2',
      'glm4-moe real-pp2',
      'glm4-moe-air real-etp2',
      'glm4-moe-mtp real-tp2-ep2',
    ]),
  );
});

it.each(CASES)('%s has layouts that differ', (name) => {
  expect(fixtureOf(name).layouts.length).toBeGreaterThan(1);
});

it('loads with transformers, which computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  const loaded = await loadWithTransformers(exported);
  expect(loaded.length).toBeGreaterThan(4 * CASES.length);
  for (const [index, report] of loaded.entries()) {
    const name = exported[index]?.name;
    // transformers loads this layer for speculative decoding alone.
    const behind = report.unexpected_keys.filter((key) => key.startsWith('model.layers.2.'));
    expect(behind.length, name).toBe(name === 'glm4-moe-mtp' ? MTP_TENSORS + COPIES - JOINED : 0);
    expectSoundLoad({ ...report, unexpected_keys: report.unexpected_keys.filter((key) => !behind.includes(key)) });
    expect(report.megatron !== null, name).toBe(name !== HAND_MADE);
  }
});

it('a cast spares what transformers keeps in float32', async () => {
  const fixture = fixtureOf('glm4-moe');
  const [layout] = fixture.layouts;
  if (!layout) throw new Error('glm4-moe has no layout');
  const { directory } = await exportLayout(fixture, layout, { dtype: 'float16', hf_path: join(parent(), 'float16') });
  const tensors = await digestTensors(directory);
  const kept = Object.entries(tensors).filter(([, { dtype }]) => dtype !== 'F16');
  const dtypes = Object.fromEntries(kept.map(([name, { dtype }]) => [name, dtype]));
  expect(dtypes).toEqual({
    'model.layers.1.mlp.gate.e_score_correction_bias': 'F32',
    'model.layers.1.mlp.gate.weight': 'BF16',
  });
  for (const [name, tensor] of kept) expect(tensor).toEqual(fixture.expected[name]);
});

describe('layers for multi-token prediction', () => {
  it('are exported with copies of embedding and output layer, as GLM-4.5 has them', async () => {
    const fixture = fixtureOf('glm4-moe-mtp');
    const { books } = await planWith(fixture, 'per-layer', {}, parent());
    expect(books.excused).toEqual([]);
    expect(books.produced).toBe(Object.keys(fixture.expected).length);
    expect(fixture.expected).toHaveProperty(['model.layers.2.shared_head.head.weight']);
  });

  it('are expected where config.json says nothing, as transformers has it', async () => {
    const change = { num_nextn_predict_layers: undefined };
    const { books } = await planWith(fixtureOf('glm4-moe-mtp'), 'per-layer', change, parent());
    expect(books.dropped.map(({ rule }) => rule)).not.toContain('mtp');
    expect(books.produced).toBe(Object.keys(fixtureOf('glm4-moe-mtp').expected).length);
  });

  it('are left out by name where the reference has none', async () => {
    const change = { num_nextn_predict_layers: 0 };
    const { books } = await planWith(fixtureOf('glm4-moe-mtp'), 'per-layer', change, parent());
    expect(books.dropped.find(({ rule }) => rule === 'mtp')?.examples).toContain('mtp.layers.0.eh_proj.weight');
    expect(books.produced).toBe(Object.keys(fixtureOf('glm4-moe').expected).length);
  });

  it('are excused by name where the checkpoint has none', async () => {
    const change = { num_nextn_predict_layers: 1 };
    const { books } = await planWith(fixtureOf('glm4-moe'), 'per-layer', change, parent());
    expect(books.excused.map(({ rule, tensors }) => [rule, tensors])).toEqual([
      ['mtp', MTP_TENSORS],
      ['mtp copies', 2],
    ]);
  });
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    ['glm4', { head_dim: 4 }, 'num_attention_heads: config.json says 4, the checkpoint has 8'],
    ['glm4', { intermediate_size: 32 }, 'intermediate_size: config.json says 32, the checkpoint has 40'],
    ['glm4', { attention_bias: false }, 'self_attention.linear_qkv.bias'],
    ['glm4', { num_hidden_layers: 1 }, 'num_hidden_layers: config.json says 1, the checkpoint has 2'],
    ['glm4-moe', { first_k_dense_replace: 0 }, 'model.layers.0.mlp.gate.weight [4, 24]: expected'],
    ['glm4-moe', { use_qk_norm: false }, 'self_attention.q_layernorm.weight'],
    ['glm4-moe-air', { use_qk_norm: true }, 'self_attn.q_norm.weight'],
    ['glm4-moe', { norm_topk_prob: false }, 'norm_topk_prob must be true, found false'],
    ['glm4-moe', { n_shared_experts: 2 }, 'config.json calls for [40, 24]'],
    ['glm4-moe', { n_routed_experts: 8 }, 'number of experts: config.json says 8, the checkpoint has 4'],
    [
      'glm4-moe',
      { moe_intermediate_size: 16 },
      'moe_intermediate_size: config.json says 16, the training run recorded 20',
    ],
  ])('%s %j', async (name, change, message) => {
    await expect(planWith(fixtureOf(name), 'local-spec', change, parent())).rejects.toThrow(message);
  });

  it('rotation of neighbours is what GLM-4 needs and GLM-4.5 has not', async () => {
    const dense = await planWith(fixtureOf('glm4'), 'local-spec', {}, parent());
    expect(dense.family).toBe('glm4');
    const other = { architectures: ['LlamaForCausalLM'] };
    await expect(planWith(fixtureOf('glm4'), 'local-spec', other, parent())).rejects.toThrow(
      'rotary_interleaved: family llama needs false, the training run recorded true',
    );
  });
});
