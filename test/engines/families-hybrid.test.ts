// Nemotron-H and Nemotron-3: every layout gives the original's bytes, and transformers computes with them what Megatron would.
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConversionInput } from '../../src/contract/index.ts';
import { buildPlan } from '../../src/engines/build-plan.ts';
import type { Books } from '../../src/plan/types.ts';
import { expectSameTensors, expectSoundLoad, exportLayout, loadWithTransformers } from '../support/family-export.ts';
import { caseNames, familyFixture, type FamilyFixture } from '../support/family-fixtures.ts';
import { digestTensors, surroundingsFor } from '../support/rank-conversion.ts';

const BUILD_LIMIT = 600_000;
const MTP = /^mtp\./;

let parent: string;
const exported: { readonly name: string; readonly directory: string; readonly logits: string | null }[] = [];

beforeAll(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-hybrid-')));
  await familyFixture('nemotron-3-nano');
}, BUILD_LIMIT);
afterAll(() => rm(parent, { recursive: true, force: true }));

it.each(caseNames('nemotron_h'))('%s has the bytes of the original, whatever the layout', async (name) => {
  const fixture = await familyFixture(name);
  expect(fixture.layouts).toHaveLength(2);
  for (const layout of fixture.layouts) {
    const { directory } = await exportLayout(fixture, layout, {}, parent);
    await expectSameTensors(directory, fixture.expected);
    const bare = await exportLayout(fixture, layout, { withoutWeights: true }, parent);
    await expectSameTensors(bare.directory, fixture.expected);
    exported.push({ name, directory, logits: fixture.logits });
  }
});

it('transformers loads every export, leaves the blocks for multi-token prediction aside, and computes the same logits', async () => {
  const loaded = await loadWithTransformers(exported);
  expect(loaded).toHaveLength(2 * caseNames('nemotron_h').length);
  for (const report of loaded) {
    expect(report.architecture).toBe('NemotronHForCausalLM');
    expect(report.megatron).not.toBeNull();
    // `_keys_to_ignore_on_load_unexpected` of transformers names mtp.*.
    expectSoundLoad(report);
  }
}, 300_000);

describe('dtypes', () => {
  it('a cast spares what the reference keeps in float32', async () => {
    const fixture = await familyFixture('nemotron-3-super');
    const { directory } = await exportLayout(fixture, layoutOf(fixture), { dtype: 'float16' });
    const kept = Object.entries(await digestTensors(directory)).filter(([, { dtype }]) => dtype !== 'F16');
    expect(kept.length).toBeGreaterThan(0);
    for (const [name, tensor] of kept) {
      expect(name).toMatch(/\.(A_log|D|gate\.weight|e_score_correction_bias)$/);
      expect(tensor).toEqual(fixture.expected[name]);
    }
    const names = Object.keys(fixture.expected);
    expect(kept.length).toBe(names.filter((name) => /A_log|\.D$|\.gate\./.test(name)).length);
  });
});

describe('blocks for multi-token prediction', () => {
  it('are left out by name where the reference has none', async () => {
    const fixture = await familyFixture('nemotron-3-super');
    const { dropped, produced } = await booksFor(fixture, { num_nextn_predict_layers: 0 });
    const names = Object.keys(fixture.expected);
    expect(produced).toBe(names.filter((name) => !MTP.test(name)).length);
    expect(dropped.find(({ rule }) => rule === 'mtp')?.examples).toContain(
      'mtp.layers.0.mtp_model_layer.layers.1.mlp.router.weight',
    );
  });

  it('are excused by name where the checkpoint has none', async () => {
    const { excused } = await booksFor(await familyFixture('nemotron-3-nano'), {
      num_nextn_predict_layers: 1,
      mtp_hybrid_override_pattern: '*E',
    });
    // Attention with its norm and three tensors around it, experts with theirs and one.
    expect(excused.map(({ rule, tensors }) => [rule, tensors])).toEqual([['mtp', 5 + 3 + 5 + 8 + 1]]);
  });

  it('are stored once where one block serves every depth, which is so unless config.json says otherwise', async () => {
    const books = await booksFor(await familyFixture('nemotron-3-super'), { num_nextn_predict_layers: 3 });
    expect(books.produced).toBe(Object.keys((await familyFixture('nemotron-3-super')).expected).length);
    const apart = { num_nextn_predict_layers: 3, mtp_use_repeated_layer: false };
    await expect(booksFor(await familyFixture('nemotron-3-super'), apart)).rejects.toThrow('mtp.layers.*.enorm.weight');
  });
});

describe('a config that does not fit', () => {
  it.each([
    [
      'nemotron-3-nano',
      { n_groups: 5, ssm_state_size: 2 },
      'n_groups: config.json says 5, the training run recorded 2 (mamba_num_groups of run_config.yaml)',
    ],
    [
      'nemotron-3-nano',
      { mamba_head_dim: 8, mamba_num_heads: 3 },
      'mamba_num_heads: config.json says 3, the training run recorded 6',
    ],
    [
      'nemotron-3-nano',
      { hybrid_override_pattern: 'MEME*' },
      'config.json says MEME*, the training run recorded MEM*E',
    ],
    [
      'nemotron-3-nano',
      { hybrid_override_pattern: 'MEM*' },
      'num_hidden_layers (5) must be the length of the pattern of layers (4)',
    ],
    [
      'nemotron-3-nano',
      { hybrid_override_pattern: 'MEM*G' },
      'hybrid_override_pattern must be made of M, *, -, E, found G',
    ],
    ['nemotron-3-nano', { n_routed_experts: 6 }, 'config.json says 6, the checkpoint has 4'],
    ['nemotron-3-super', { moe_latent_size: null }, 'up_proj.weight [20, 12], config.json calls for [20, 24]'],
    ['nemotron-3-super', { mtp_hybrid_override_pattern: 'E*' }, 'mtp.layers.'],
    ['nemotron-h', { use_bias: true }, 'mixer.in_proj.bias'],
    ['nemotron-h', { use_conv_bias: false }, 'mixer.conv1d.bias.x'],
    ['nemotron-h', { tie_word_embeddings: true }, 'tie_word_embeddings: config.json says true'],
    ['nemotron-h-tied', { tie_word_embeddings: false }, 'tie_word_embeddings: config.json says false'],
  ])('%s with %j is told what differs', async (name, change, message) => {
    await expect(booksFor(await familyFixture(name), change)).rejects.toThrow(message);
  });
});

function layoutOf({ name, layouts }: FamilyFixture): FamilyFixture['layouts'][number] {
  const layout = layouts.find((one) => one.name === 'per-layer');
  if (!layout) throw new Error(`${name} has no layout per-layer`);
  return layout;
}

/** The books of a strict plan with a changed config.json and without weights in the reference. */
async function booksFor(fixture: FamilyFixture, change: object): Promise<Books> {
  const reference = await mkdtemp(join(parent, 'reference-'));
  await cp(fixture.reference, reference, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
  const config = join(reference, 'config.json');
  const values: unknown = JSON.parse(await readFile(config, 'utf8'));
  await writeFile(config, JSON.stringify({ ...Object(values), ...change }));
  const input = ConversionInput.parse({
    megatron_path: layoutOf(fixture).path,
    hf_model_id: reference,
    hf_path: join(parent, 'never'),
  });
  return (await buildPlan(input, surroundingsFor())).plan.books;
}
