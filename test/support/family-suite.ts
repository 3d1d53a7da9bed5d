// What is proved of every family alike: each layout of each case gives the original's bytes, and the formula asks for the very keys.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectSamePlanByFormula, expectSameTensors, exportLayout, type FamilyExport } from './family-export.ts';
import { familyFixture, type FamilyFixture } from './family-fixtures.ts';

/** Milliseconds. */
export const MINUTES = 60_000;

/** An export of a case, as transformers is asked to load it. */
export interface ExportedCase {
  readonly name: string;
  readonly directory: string;
  readonly logits: string | null;
}

export interface FamilySuite {
  /** The fixture of a case, once tests run. */
  readonly fixtureOf: (name: string) => FamilyFixture;
  /** A directory for whatever a test writes, removed in the end. */
  readonly parent: () => string;
  /** Every export so far, in the order of cases and layouts. */
  readonly exported: readonly ExportedCase[];
}

/**
 * Registers the hooks and the tests; call it where those tests shall run.
 *
 * @param check what else holds of each export
 */
export function proveLayouts(
  cases: readonly string[],
  check: (layout: string, result: FamilyExport['result']) => void = () => undefined,
): FamilySuite {
  const fixtures = new Map<string, FamilyFixture>();
  const exported: ExportedCase[] = [];
  let parent = '';
  beforeAll(async () => {
    parent = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-family-')));
    for (const name of cases) fixtures.set(name, await familyFixture(name));
  }, 10 * MINUTES);
  afterAll(() => rm(parent, { recursive: true, force: true }));
  const fixtureOf = (name: string): FamilyFixture => {
    const fixture = fixtures.get(name);
    if (fixture === undefined) throw new Error(`${name} was not built`);
    return fixture;
  };
  describe.each(cases)('%s', (name) => {
    it('becomes the original bit for bit, from every layout', { timeout: 5 * MINUTES }, async () => {
      const { layouts, expected, logits } = fixtureOf(name);
      for (const layout of layouts) {
        const { directory, result } = await exportLayout(fixtureOf(name), layout, {}, parent);
        check(layout.name, result);
        await expectSameTensors(directory, expected);
        exported.push({ name, directory, logits });
      }
    });

    it('has the keys and shapes of the formula', { timeout: MINUTES }, async () => {
      for (const layout of fixtureOf(name).layouts) await expectSamePlanByFormula(fixtureOf(name), layout);
    });
  });
  return { fixtureOf, parent: () => parent, exported };
}
