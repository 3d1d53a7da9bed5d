// GPT-OSS: every layout, hand-made or Megatron's own, gives the original's bytes, fused, transposed and interleaved; transformers loads what
// comes out, and computes what Megatron computes. The published references are MXFP4; the export is not.
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectSamePlanByFormula,
  expectSameTensors,
  expectSoundLoad,
  exportLayout,
  loadWithTransformers,
} from '../support/family-export.ts';
import { familyFixture, type FamilyFixture } from '../support/family-fixtures.ts';
import { changeReference, planWith, writeIndex } from '../support/family-plan.ts';

const MINUTES = 60_000;
let fixture: FamilyFixture;
let parent: string;
const exported: string[] = [];

/** Names of an expert matrix in MXFP4: packed fours of bits, and a scale for each block of them. */
const quantized = (name: string): string[] => (name.endsWith('_proj') ? [`${name}_blocks`, `${name}_scales`] : [name]);

beforeAll(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-gpt-oss-')));
  fixture = await familyFixture('gpt-oss');
}, 10 * MINUTES);
afterAll(() => rm(parent, { recursive: true, force: true }));

it('becomes the original bit for bit, from every layout', { timeout: 5 * MINUTES }, async () => {
  expect(fixture.layouts.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['layer-axis', 'singleton', 'real-tp2', 'real-pp2', 'real-ep2', 'real-singleton']),
  );
  for (const layout of fixture.layouts) {
    const { directory } = await exportLayout(fixture, layout, {}, parent);
    await expectSameTensors(directory, fixture.expected);
    exported.push(directory);
  }
});

it('has the keys and shapes of the formula', { timeout: MINUTES }, async () => {
  for (const layout of fixture.layouts) await expectSamePlanByFormula(fixture, layout);
});

describe('against a quantized reference', () => {
  /** What openai's config.json says; the names of its weights end in `_blocks` and `_scales`. */
  const MXFP4 = {
    quantization_config: {
      quant_method: 'mxfp4',
      modules_to_not_convert: [
        'model.layers.*.self_attn',
        'model.layers.*.mlp.router',
        'model.embed_tokens',
        'lm_head',
      ],
    },
  };

  it('gives plain weights, and a config.json that says so', { timeout: MINUTES }, async () => {
    const [layout] = fixture.layouts;
    if (!layout) throw new Error('gpt-oss has no layout');
    const reference = await changeReference(fixture, MXFP4, parent);
    await writeIndex(reference, Object.keys(fixture.expected).flatMap(quantized));
    const options = { hf_model_id: reference, hf_path: join(parent, 'plain') };
    const { directory, result } = await exportLayout(fixture, layout, options);
    await expectSameTensors(directory, fixture.expected);
    const [before, after] = await Promise.all(
      [reference, directory].map((path) => readFile(join(path, 'config.json'), 'utf8')),
    );
    expect({ ...JSON.parse(after ?? ''), ...MXFP4 }).toEqual(JSON.parse(before ?? ''));
    expect(after).not.toContain('quantization_config');
    const manifest: unknown = JSON.parse(await readFile(result.manifest, 'utf8'));
    expect(manifest).toMatchObject({ config_patches: [{ field: 'quantization_config', to: null }] });
    exported.push(directory);
  });
});

it('transformers loads every export, and computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  const { logits } = fixture;
  expect(logits).not.toBeNull();
  const loaded = await loadWithTransformers(exported.map((directory) => ({ directory, logits })));
  expect(loaded).toHaveLength(fixture.layouts.length + 1);
  for (const report of loaded) {
    expect(report.megatron).not.toBeNull();
    expectSoundLoad(report);
  }
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    [{ head_dim: 16 }, 'num_attention_heads: config.json says 4, the checkpoint has 2'],
    [{ num_key_value_heads: 4 }, 'num_key_value_heads: config.json says 4, the checkpoint has 2'],
    [{ num_local_experts: 8 }, 'mlp.router.weight'],
    [{ intermediate_size: 24 }, 'intermediate_size: config.json says 24, the training run recorded 20'],
    [{ attention_bias: false }, 'self_attention.linear_qkv.bias'],
    [{ num_hidden_layers: 4 }, 'num_hidden_layers: config.json says 4, the checkpoint has 2'],
  ])('%j', async (change, message) => {
    await expect(planWith(fixture, 'local-spec', change, parent)).rejects.toThrow(message);
  });
});
