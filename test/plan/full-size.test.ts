// Published models at full size, without data: what megatron-core would store of them is planned, and held against the names and shapes that
// transformers saves and the parameters that were published. Where the numbers come from: fixtures/full-size/SOURCE.md.
import { beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { findFamily } from '../../src/models/registry.ts';
import type { ModelConfig } from '../../src/models/types.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { readConfig, savedNames, writeMetadata } from '../support/full-size.ts';

type Shapes = ReadonlyMap<string, readonly number[]>;

interface FullSize {
  readonly model: string;
  /** As Megatron-Bridge's recipe for the model lays it out. */
  readonly layout: readonly string[];
  readonly parameters: number;
  /** Rows that the vocabulary is padded with, in embedding and output layer together. */
  readonly paddingRows: number;
  /** Byte entries of Transformer Engine: linear layers, and experts one by one. */
  readonly extraStates: number;
}

const DEEPSEEK = ['--tp', '2', '--pp', '16', '--ep', '64', '--vocab-multiple', '1280'];

const NEMOTRON: FullSize = {
  model: 'nemotron-3-nano-30b-a3b',
  layout: ['--tp', '4', '--ep', '8'],
  parameters: 31_577_940_288,
  paddingRows: 0,
  extraStates: 23 * 2 + 6 * 2 + 23 * (2 + 2 * 128),
};

const MODELS: readonly FullSize[] = [
  {
    model: 'llama-3.1-405b',
    layout: ['--tp', '8', '--pp', '8'],
    parameters: 405_853_388_800,
    paddingRows: 2 * (129_024 - 128_256),
    extraStates: 126 * 4,
  },
  {
    model: 'qwen3-235b-a22b',
    layout: ['--tp', '4', '--pp', '16', '--ep', '8'],
    parameters: 235_093_634_560,
    paddingRows: 2 * (152_064 - 151_936),
    extraStates: 94 * (2 + 2 * 128),
  },
  {
    model: 'gpt-oss-120b',
    layout: ['--tp', '2', '--pp', '4', '--ep', '16'],
    parameters: 116_829_156_672,
    paddingRows: 2 * (201_216 - 201_088),
    extraStates: 36 * (3 + 2 * 128),
  },
  NEMOTRON,
  {
    model: 'deepseek-v3',
    layout: [...DEEPSEEK, '--no-mtp'],
    parameters: 671_026_419_200,
    paddingRows: 2 * (130_560 - 129_280),
    extraStates: 61 * 5 + 3 * 2 + 58 * (2 + 2 * 256),
  },
];

let saved: ReadonlyMap<string, Shapes>;

beforeAll(async () => {
  saved = await savedNames(MODELS.map(({ model }) => model));
});

async function planModel(model: string, layout: readonly string[], more: ModelConfig = {}): Promise<Plan> {
  const config = { ...readConfig(model), ...more };
  const family = findFamily(config);
  if (!family) throw new Error(`no family for ${model}`);
  return makePlan({
    checkpoint: await readCheckpoint(await writeMetadata(model, layout)),
    checkpointStat: new Map(),
    family,
    config,
    input: { strict: true, dtype: 'source', max_shard_size: '5GB' },
  });
}

const shapesOf = ({ files }: Plan): Shapes =>
  new Map(files.flatMap(({ tensors }) => tensors.map(({ name, shape }) => [name, shape] as const)));

function savedShapes(model: string): Shapes {
  const shapes = saved.get(model);
  if (!shapes) throw new Error(`transformers saved no ${model}`);
  return shapes;
}

function expectEqual(planned: Shapes, wanted: Shapes): void {
  expect(differences(wanted, planned), 'lacking in the plan').toEqual([]);
  expect(differences(planned, wanted), 'in the plan alone').toEqual([]);
}

/** Tensors of `these` that `those` lack, or have in another shape. */
function differences(these: Shapes, those: Shapes): string[] {
  return [...these].flatMap(([name, shape]) =>
    String(those.get(name)) === String(shape) ? [] : [`${name} [${shape.join(', ')}]`],
  );
}

describe.each(MODELS)('$model', ({ model, layout, parameters, paddingRows, extraStates }) => {
  it('is planned to the names and shapes that transformers saves, and to the published number of parameters', async () => {
    const plan = await planModel(model, layout);
    const expected = savedShapes(model);
    expectEqual(shapesOf(plan), expected);
    expect(plan.tensors).toBe(expected.size);
    expect(plan.parameters).toBe(parameters);
    expect(plan.books.vocabularyPadding.rows).toBe(paddingRows);
    expect(plan.books.dropped.find(({ rule }) => rule === 'extra state')?.tensors).toBe(extraStates);
    expect(plan.books.dropped.map(({ rule }) => rule).sort()).toEqual([
      'common state',
      'extra state',
      'rerun state',
      'rng',
    ]);
  });
});

it('leaves out the optimizer of Nemotron 3 Nano: three tensors for each parameter, none for the corrections of the router', async () => {
  const plan = await planModel(NEMOTRON.model, [...NEMOTRON.layout, '--optimizer']);
  const { mapped, dropped } = plan.books;
  expect(dropped.find(({ rule }) => rule === 'optimizer')?.tensors).toBe(3 * (mapped.tensors - 23));
  expect(plan.parameters).toBe(NEMOTRON.parameters);
});

describe('multi-token prediction of DeepSeek-V3', () => {
  const MAIN = 671_026_419_200;
  // In the published index the layer stands behind the last one, and repeats embedding and output layer.
  const layer = (shapes: Shapes): Shapes =>
    new Map([
      ...[...shapes].flatMap(([name, shape]) =>
        name.startsWith('model.layers.60.') ? [[name.replace('.60.', '.61.'), shape] as const] : [],
      ),
      ['model.layers.61.enorm.weight', [7168]],
      ['model.layers.61.hnorm.weight', [7168]],
      ['model.layers.61.eh_proj.weight', [7168, 2 * 7168]],
      ['model.layers.61.shared_head.norm.weight', [7168]],
    ]);
  const copies: Shapes = new Map([
    ['model.layers.61.embed_tokens.weight', [129_280, 7168]],
    ['model.layers.61.shared_head.head.weight', [129_280, 7168]],
  ]);

  it('is planned where reference and checkpoint have it, and then the counts of the published files come out', async () => {
    const plan = await planModel('deepseek-v3', DEEPSEEK);
    const main = savedShapes('deepseek-v3');
    const shapes = shapesOf(plan);
    expectEqual(shapes, new Map([...main, ...layer(main), ...copies]));
    expect(plan.books.excused).toEqual([]);
    expect(countPublished(shapes)).toEqual({
      BF16: 3_918_786_560,
      F8_E4M3: 680_571_043_840,
      F32: 41_555_600,
      tensors: 91_991,
    });
  });

  it('is excused where the checkpoint has none', async () => {
    const plan = await planModel('deepseek-v3', [...DEEPSEEK, '--no-mtp']);
    const counts = plan.books.excused.map(({ rule, tensors }) => [rule, tensors]);
    expect(counts).toEqual([
      ['mtp', layer(savedShapes('deepseek-v3')).size],
      ['mtp copies', copies.size],
    ]);
    expect(plan.parameters).toBe(MAIN);
  });

  it('is left out by name where the reference has none', async () => {
    const plan = await planModel('deepseek-v3', DEEPSEEK, { num_nextn_predict_layers: 0 });
    expectEqual(shapesOf(plan), savedShapes('deepseek-v3'));
    expect(plan.books.dropped.find(({ rule }) => rule === 'mtp')?.tensors).toBe(19);
    expect(plan.parameters).toBe(MAIN);
  });
});

/** Elements by dtype in the published files: most matrices in FP8, each with a tensor of float32 scales, one for 128 x 128 elements. */
function countPublished(shapes: Shapes): Readonly<Record<'BF16' | 'F8_E4M3' | 'F32' | 'tensors', number>> {
  const counts = { BF16: 0, F8_E4M3: 0, F32: 0, tensors: shapes.size };
  for (const [name, [rows = 0, columns]] of shapes) {
    if (name.endsWith('.e_score_correction_bias')) counts.F32 += rows;
    else if (columns === undefined || /\b(?:embed_tokens|lm_head|head|gate|eh_proj)\.weight$/.test(name)) {
      counts.BF16 += rows * (columns ?? 1);
    } else {
      counts.F8_E4M3 += rows * columns;
      counts.F32 += Math.ceil(rows / 128) * Math.ceil(columns / 128);
      counts.tensors += 1;
    }
  }
  return counts;
}
