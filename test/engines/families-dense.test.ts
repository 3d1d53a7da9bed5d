// Llama, Qwen2 and Qwen3 with what the committed fixtures do not have: tied, biases everywhere, heads of another width than hidden / heads.
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
} from '../support/family-export.ts';
import { caseNames, familyFixture, type FamilyFixture } from '../support/family-fixtures.ts';

const MINUTES = 60_000;
const CASES = caseNames('dense');
const fixtures = new Map<string, FamilyFixture>();
const exported = new Map<string, string[]>();
let parent: string;

beforeAll(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-dense-')));
  for (const name of CASES) fixtures.set(name, await familyFixture(name));
}, 10 * MINUTES);
afterAll(() => rm(parent, { recursive: true, force: true }));

function fixtureOf(name: string): FamilyFixture {
  const fixture = fixtures.get(name);
  if (fixture === undefined) throw new Error(`${name} was not built`);
  return fixture;
}

it('knows the cases that the issue asks for', () => {
  expect(CASES).toEqual(expect.arrayContaining(['llama-tied', 'llama-biases', 'qwen2-tied', 'qwen3']));
});

describe.each(CASES)('%s', (name) => {
  it('becomes the original bit for bit, from every layout', { timeout: 5 * MINUTES }, async () => {
    const fixture = fixtureOf(name);
    expect(fixture.layouts.map((layout) => layout.name)).toEqual(
      expect.arrayContaining(['layer-axis', 'local-spec', 'real-singleton', 'singleton']),
    );
    for (const layout of fixture.layouts) {
      const { directory } = await exportLayout(fixture, layout, {}, parent);
      await expectSameTensors(directory, fixture.expected);
      exported.set(name, [...(exported.get(name) ?? []), directory]);
    }
  });

  it('has the keys and shapes of the formula', { timeout: MINUTES }, async () => {
    const fixture = fixtureOf(name);
    for (const layout of fixture.layouts) await expectSamePlanByFormula(fixture, layout);
  });
});

it(
  'transformers loads an export of each case, and computes what Megatron computes',
  { timeout: 5 * MINUTES },
  async () => {
    const requests = CASES.flatMap((name) =>
      (exported.get(name) ?? []).slice(0, 1).map((directory) => ({ directory, logits: fixtureOf(name).logits })),
    );
    expect(requests).toHaveLength(CASES.length);
    const loaded = await loadWithTransformers(requests);
    for (const load of loaded) {
      expect(load.megatron).not.toBeNull();
      expectSoundLoad(load);
    }
  },
);
