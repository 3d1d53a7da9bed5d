// OLMo-2 and OLMo-3: norms behind attention and MLP alone, norms over all query and all key heads, layers with and without a window.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectSamePlanByFormula,
  expectSameTensors,
  expectSoundLoad,
  exportLayout,
  loadWithTransformers,
  type LoadRequest,
} from '../support/family-export.ts';
import { caseNames, familyFixture, type FamilyFixture } from '../support/family-fixtures.ts';

const MINUTES = 60_000;
/** Every layout of a case; those that megatron-core's own model wrote begin with `real-`. */
const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
  olmo2: ['layer-axis', 'local-spec', 'real-pp2', 'real-singleton', 'real-tp2', 'singleton'],
  'olmo2-modelscope': ['layer-axis', 'per-layer'],
  olmo3: ['layer-axis', 'local-spec', 'real-pp2', 'real-singleton', 'singleton'],
};
const CASES = Object.keys(LAYOUTS);
const fixtures = new Map<string, FamilyFixture>();
const exported: LoadRequest[] = [];
let parent: string;

beforeAll(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-olmo-')));
  for (const name of CASES) fixtures.set(name, await familyFixture(name));
}, 10 * MINUTES);
afterAll(() => rm(parent, { recursive: true, force: true }));

function fixtureOf(name: string): FamilyFixture {
  const fixture = fixtures.get(name);
  if (fixture === undefined) throw new Error(`${name} was not built`);
  return fixture;
}

it('tests every case', () => {
  expect([...caseNames('olmo')].sort()).toEqual(CASES);
});

describe.each(CASES)('%s', (name) => {
  it('becomes the original bit for bit, from every layout', { timeout: 5 * MINUTES }, async () => {
    const fixture = fixtureOf(name);
    expect(fixture.layouts.map((layout) => layout.name)).toEqual(LAYOUTS[name]);
    for (const layout of fixture.layouts) {
      const { directory } = await exportLayout(fixture, layout, {}, parent);
      await expectSameTensors(directory, fixture.expected);
      exported.push({ directory, logits: fixture.logits });
    }
  });

  it('has the keys and shapes of the formula', { timeout: MINUTES }, async () => {
    const fixture = fixtureOf(name);
    for (const layout of fixture.layouts) await expectSamePlanByFormula(fixture, layout);
  });
});

it('transformers loads every export, and computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  expect(exported).toHaveLength(CASES.flatMap((name) => LAYOUTS[name]).length);
  const loaded = await loadWithTransformers(exported);
  expect(loaded.filter(({ megatron }) => megatron !== null)).toHaveLength(11);
  for (const load of loaded) expectSoundLoad(load);
});
