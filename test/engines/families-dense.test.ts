// Llama, Qwen2 and Qwen3 with what the committed fixtures do not have: tied, biases everywhere, heads of another width than hidden / heads.
import { expect, it } from 'vitest';
import { expectSoundLoad, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = caseNames('dense');
const { fixtureOf, exported } = proveLayouts(CASES);

it('knows the cases that the issue asks for', () => {
  expect(CASES).toEqual(expect.arrayContaining(['llama-tied', 'llama-biases', 'qwen2-tied', 'qwen3']));
});

it.each(CASES)('%s has layouts by Megatron itself', (name) => {
  expect(fixtureOf(name).layouts.map((layout) => layout.name)).toEqual(
    expect.arrayContaining(['layer-axis', 'local-spec', 'real-singleton', 'singleton']),
  );
});

it(
  'transformers loads an export of each case, and computes what Megatron computes',
  { timeout: 5 * MINUTES },
  async () => {
    const chosen = CASES.map((name) => exported.find((one) => one.name === name)).filter((one) => one !== undefined);
    expect(chosen).toHaveLength(CASES.length);
    for (const load of await loadWithTransformers(chosen)) {
      expect(load.megatron).not.toBeNull();
      expectSoundLoad(load);
    }
  },
);
