// Pipeline stages of hybrid models: the recorded pattern may say where one ends, and then they need not be even.
import { expect, it } from 'vitest';
import { checkLayers } from '../../src/plan/check-model.ts';
import type { LayoutFacts } from '../../src/plan/layout-facts.ts';
import { readTrainingValues } from '../../src/plan/training-values.ts';

const setting = (value: number | null) => ({ value, given: value !== null });

function factsOf(values: Readonly<Record<string, unknown>>): LayoutFacts {
  return {
    engine: 'stream',
    strict: true,
    distributed: true,
    layout: { tp: setting(1), pp: setting(2), ep: setting(1), etp: setting(null) },
    nproc: setting(1),
    nnodes: setting(1),
    dimensions: {
      layers: 5,
      hidden: 1,
      heads: 1,
      queryGroups: 1,
      headDim: 1,
      ffn: 1,
      vocab: 1,
      tied: false,
      experts: null,
    },
    paddedVocab: 1,
    training: readTrainingValues({ source: 'run_config.yaml', values }),
    files: 1,
  };
}

it.each([{}, { hybrid_layer_pattern: null }, { hybrid_layer_pattern: 'MEM*E' }, { hybrid_layer_pattern: 7 }])(
  'with %j two stages do not fit five layers',
  (values) =>
    expect(
      checkLayers(factsOf(values))
        .map(({ message }) => message)
        .join(),
    ).toContain('num_hidden_layers (5)'),
);

it('with a border in the pattern they do', () => {
  expect(checkLayers(factsOf({ hybrid_layer_pattern: 'MEM|*E' }))).toEqual([]);
});
