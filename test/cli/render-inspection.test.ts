import { expect, test } from 'vitest';
import { inspectCheckpoint, type Inspection } from '../../src/cli/inspection.ts';
import { renderInspection } from '../../src/cli/render-inspection.ts';
import type { Books } from '../../src/plan/types.ts';
import { denseTensors, describeCheckpoint, recorded, type Described } from './inspect-checkpoint.ts';

function inspect(
  tensors: Readonly<Record<string, Described>>,
  values: Readonly<Record<string, unknown>> = {},
): Inspection {
  const training = recorded(values);
  return inspectCheckpoint({ checkpoint: describeCheckpoint(tensors), training, trainingProblem: null, planned: null });
}

/** As many tensors as a large model with an expert a key, and its optimizer. */
function largeModel(): Record<string, Described> {
  const tensors = denseTensors(61);
  for (let layer = 3; layer < 61; layer++)
    for (let expert = 0; expert < 256; expert++)
      for (const name of ['linear_fc1', 'linear_fc2'])
        tensors[`decoder.layers.${layer}.mlp.experts.experts.${expert}.${name}.weight`] = { shape: [64, 8] };
  for (const key of Object.keys(tensors).slice(0, 10_000))
    tensors[`optimizer.state.exp_avg.${key}`] = { shape: [64, 8], dtype: 'F32' };
  return tensors;
}

test('40,000 tensors are a page, and --all is all of them', () => {
  const inspection = inspect(largeModel());
  expect(inspection.tensors.length).toBeGreaterThan(40_000);
  const page = renderInspection(inspection, false);
  expect(page.length).toBeLessThan(40);
  expect(page).toContainEqual(
    expect.stringMatching(
      /^decoder\.layers\.\{3\.\.60\}\.mlp\.experts\.experts\.\{0\.\.255\}\.linear_fc1\.weight +x 14848 +BF16 +\[64, 8\]$/,
    ),
  );
  expect(page).toContainEqual(expect.stringMatching(/^\(10000 tensors of optimizer, 20\.5 MB: not converted; --all/));
  expect(page.join('\n')).not.toContain('exp_avg');
  const everything = renderInspection(inspection, true);
  expect(everything.length).toBeGreaterThan(inspection.tensors.length);
  expect(everything.filter((line) => line.includes('dropped: optimizer'))).toHaveLength(10_000);
});

test('layers for multi-token prediction may be converted: only a reference tells', () => {
  const inspection = inspect({ ...denseTensors(1), 'mtp.layers.0.eh_proj.weight': { shape: [8, 16] } });
  expect(renderInspection(inspection, false)).toContain(
    '(1 tensors of mtp, 256 bytes: converted if the reference has these layers; --all lists them)',
  );
});

test('parameters are those of the model, by dtype; padding is what nobody uses', () => {
  const inspection = inspect(
    {
      ...denseTensors(1),
      'decoder.final_layernorm.weight': { shape: [8], dtype: 'F32' },
      'optimizer.x': { shape: [1000], dtype: 'F32' },
    },
    { vocab_size: 100 },
  );
  // Embedding and output 1024 each, norms 8 + 16, qkv 128, projection 64, feed-forward 256 + 128.
  expect(inspection.parameters).toBe(2648);
  expect(inspection.dtypes).toEqual({
    BF16: { tensors: 8, bytes: 5280, parameters: 2640 },
    F32: { tensors: 2, bytes: 4032, parameters: 8 },
  });
  expect(inspection.vocabulary).toEqual({ rows: 128, used: 100, source: 'run_config.yaml', padding: 28 });
  const text = renderInspection(inspection, false).join('\n');
  expect(text).toContain('parameters  2,648 (BF16 2,640, F32 8)');
  expect(text).toContain('vocabulary  128 rows, 28 of them padding (run_config.yaml says 100)');
});

test('who knows nothing says which reference to give', () => {
  const nothing = renderInspection(inspect({ 'a.weight': { shape: [2] } }), false).join('\n');
  expect(nothing).toContain('family      not recorded (no table knows all tensors); give --reference <');
  expect(nothing).toContain('vocabulary  no word embedding found');
  const guess = renderInspection(inspect(denseTensors(1), { hf_model_id: 'meta-llama/Llama-3.1-8B' }), false).join(
    '\n',
  );
  expect(guess).toContain(
    'family      llama, a guess from hf_model_id "meta-llama/Llama-3.1-8B"; be sure with --reference meta-llama/Llama-3.1-8B',
  );
});

test('books that do not close, and excused tensors, are told by rule and name', () => {
  const names = [0, 1, 2].map((layer) => `decoder.layers.${layer}.strange.weight`);
  const books: Books = {
    mapped: { rule: 'family', tensors: 3, bytes: 2000, examples: [] },
    dropped: [
      { rule: 'rng', tensors: 2, bytes: 10, examples: [] },
      { rule: 'mtp head', tensors: 1, bytes: 10, examples: [] },
    ],
    vocabularyPadding: { rows: 28, bytes: 448 },
    produced: 3,
    excused: [{ rule: 'mtp', tensors: 4, bytes: 0, examples: ['m.0', 'm.1', 'm.2', 'm.3'] }],
    unmapped: names,
    missing: ['model.norm.weight'],
  };
  const lines = renderInspection({ ...inspect(denseTensors(1)), books }, false);
  expect(lines.slice(lines.indexOf('books'))).toEqual([
    'books',
    '  mapped: 3 tensors, 2.00 kB',
    '  dropped (rng): 2 tensors, 10 bytes: state of the random number generators',
    '  dropped (mtp head): 1 tensors, 10 bytes',
    '  vocabulary padding cut: 28 rows, 448 bytes',
    '  produced: 3 tensors',
    '  not produced (mtp): 4 tensors: m.0, m.1, m.2, ...',
    '  NOT MAPPED: decoder.layers.{0..2}.strange.weight (3)',
    '  NOT PRODUCED: model.norm.weight',
    '  NOT CLOSED: a strict run fails on these 4',
  ]);
});
