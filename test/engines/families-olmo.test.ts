// OLMo-2 and OLMo-3: norms behind attention and MLP alone, norms over all query and all key heads, layers with and without a window.
import { expect, it } from 'vitest';
import { expectSoundLoad, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

/** Every layout of a case; those that megatron-core's own model wrote begin with `real-`. */
const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
  olmo2: ['layer-axis', 'local-spec', 'real-pp2', 'real-singleton', 'real-tp2', 'singleton'],
  'olmo2-modelscope': ['layer-axis', 'per-layer'],
  olmo3: ['layer-axis', 'local-spec', 'real-pp2', 'real-singleton', 'singleton'],
};
const CASES = Object.keys(LAYOUTS);
const { fixtureOf, exported } = proveLayouts(CASES);

it('tests every case', () => {
  expect([...caseNames('olmo')].sort()).toEqual(CASES);
});

it.each(CASES)('%s has these layouts and no other', (name) => {
  expect(fixtureOf(name).layouts.map((layout) => layout.name)).toEqual(LAYOUTS[name]);
});

it('transformers loads every export, and computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  expect(exported).toHaveLength(CASES.flatMap((name) => LAYOUTS[name]).length);
  const loaded = await loadWithTransformers(exported);
  expect(loaded.filter(({ megatron }) => megatron !== null)).toHaveLength(11);
  for (const load of loaded) expectSoundLoad(load);
});
