// DeepSeek-V2, V3 and Moonlight: every layout, hand-made or Megatron's own, gives the original's bytes; transformers loads what comes out,
// and computes what Megatron computes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectSameTensors, expectSoundLoad, exportLayout, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { changeReference, planWith, writeIndex } from '../support/family-plan.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = caseNames('deepseek');
/** Four layers, so this is the one for multi-token prediction. */
const BEHIND = 'model.layers.4.';
const { fixtureOf, parent, exported } = proveLayouts(CASES);

it('has layouts by Megatron itself: cut over tensor, pipeline and expert ranks, with a layer axis and with a key for each expert', () => {
  const layouts = CASES.flatMap((name) => fixtureOf(name).layouts.map((layout) => `${name} ${layout.name}`));
  expect(layouts).toEqual(
    expect.arrayContaining([
      'deepseek-v3 real-tp2-ep2',
      'deepseek-v3 real-pp2',
      'deepseek-v3 real-singleton',
      'deepseek-v2 layer-axis',
      'deepseek-v2 real-tp2',
      'moonlight real-etp2',
    ]),
  );
});

it(
  'transformers loads one export of each case, and computes what Megatron computes',
  { timeout: 5 * MINUTES },
  async () => {
    const chosen = CASES.map((name) => exported.find((one) => one.name === name)).filter((one) => one !== undefined);
    const loaded = await loadWithTransformers(chosen);
    expect(loaded).toHaveLength(CASES.length);
    for (const [index, report] of loaded.entries()) {
      // transformers has no module for these layers, and expects them at layer 61 only, where the published V3 has them.
      const behind = report.unexpected_keys.filter((key) => key.startsWith(BEHIND));
      expect(behind.length > 0).toBe(CASES[index] === 'deepseek-v3');
      expect(report.megatron).not.toBeNull();
      expectSoundLoad({ ...report, unexpected_keys: report.unexpected_keys.filter((key) => !behind.includes(key)) });
    }
  },
);

describe('layers for multi-token prediction', () => {
  it('are exported with copies of embedding and output layer, as the published model has them', async () => {
    const fixture = fixtureOf('deepseek-v3');
    const { books } = await planWith(fixture, 'real-pp2', {}, parent());
    expect(books.excused).toEqual([]);
    expect(books.produced).toBe(Object.keys(fixture.expected).length);
    const same = (one: string, two: string): boolean => fixture.expected[one]?.sha256 === fixture.expected[two]?.sha256;
    expect(same(`${BEHIND}embed_tokens.weight`, 'model.embed_tokens.weight')).toBe(true);
    expect(same(`${BEHIND}shared_head.head.weight`, 'lm_head.weight')).toBe(true);
  });

  it('are left out by name where the reference has none', async () => {
    const fixture = fixtureOf('deepseek-v3');
    const { dropped, produced, excused } = (
      await planWith(fixture, 'real-pp2', { num_nextn_predict_layers: 0 }, parent())
    ).books;
    // Norms, projections, router and correction, and the experts, which are one tensor for fc1 and one for fc2.
    expect(dropped.find(({ rule }) => rule === 'mtp')?.tensors).toBe(19);
    expect(excused).toEqual([]);
    expect(produced).toBe(Object.keys(fixture.expected).filter((key) => !key.startsWith(BEHIND)).length);
  });

  it('are excused by name where the checkpoint has none', async () => {
    const { excused } = (await planWith(fixtureOf('moonlight'), 'per-layer', { num_nextn_predict_layers: 1 }, parent()))
      .books;
    expect(excused.map(({ rule }) => rule).sort()).toEqual(['mtp', 'mtp copies']);
  });

  it('are not excused where there are fewer than config.json calls for', async () => {
    const plan = planWith(fixtureOf('deepseek-v3'), 'per-layer', { num_nextn_predict_layers: 2 }, parent());
    await expect(plan).rejects.toThrow('model.layers.5.eh_proj.weight');
  });
});

it('is exported plain against a reference in FP8, as the published V3 is', { timeout: MINUTES }, async () => {
  const fixture = fixtureOf('deepseek-v3');
  const layout = fixture.layouts.find(({ name }) => name === 'real-tp2-ep2');
  if (!layout) throw new Error('deepseek-v3 has no layout real-tp2-ep2');
  const change = { quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] } };
  const reference = await changeReference(fixture, change, parent());
  const names = Object.keys(fixture.expected);
  const scales = names.filter((name) => name.endsWith('_proj.weight')).map((name) => `${name}_scale_inv`);
  await writeIndex(reference, [...names, ...scales]);
  const options = { hf_model_id: reference, hf_path: join(parent(), 'plain') };
  const { directory } = await exportLayout(fixture, layout, options);
  await expectSameTensors(directory, fixture.expected);
  const config = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8')) as Record<string, unknown>;
  expect(config).not.toHaveProperty('quantization_config');
  expect(config).toMatchObject({ num_nextn_predict_layers: 1 });
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    ['per-layer', { v_head_dim: 7 }, 'num_attention_heads: config.json says 4, the checkpoint has 8'],
    ['per-layer', { num_hidden_layers: 5 }, 'num_hidden_layers: config.json says 5, the checkpoint has 4'],
    ['per-layer', { intermediate_size: 48 }, 'intermediate_size: config.json says 48, the checkpoint has 40'],
    ['per-layer', { n_routed_experts: 6 }, 'mlp.router.weight'],
    ['per-layer', { kv_lora_rank: 24 }, 'kv_lora_rank: config.json calls for 24, the training run recorded 20'],
    [
      'per-layer',
      { moe_intermediate_size: 16 },
      'moe_intermediate_size: config.json says 16, the training run recorded 12',
    ],
    ['per-layer', { q_lora_rank: null }, 'self_attention.linear_q_down_proj.weight'],
    ['per-layer', { first_k_dense_replace: 2 }, 'model.layers.1.mlp.gate_proj.weight'],
    // Equal shapes: only the record of the run tells.
    [
      'local-spec',
      { qk_nope_head_dim: 6, qk_rope_head_dim: 10 },
      'qk_head_dim: config.json calls for 6, the training run recorded 10 (common state args)',
    ],
  ])('%s %j', async (layout, change, message) => {
    await expect(planWith(fixtureOf('deepseek-v3'), layout, change, parent())).rejects.toThrow(message);
  });
});
