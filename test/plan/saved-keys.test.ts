// The formula of every family against the files that transformers saves: the same names and shapes, both ways.
// A new family, or a new variant of one, is one more file in test/support/tiny-configs.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES, findFamily, optionalParts } from '../../src/models/registry.ts';
import type { Family, ModelConfig } from '../../src/models/types.ts';
import { findUnprotected } from '../../src/plan/compare-float32.ts';
import { expectKeys } from '../../src/plan/expect-keys.ts';
import { readWeights } from '../../src/reference/read-weights.ts';
import type { ReferenceWeights } from '../../src/reference/types.ts';
import { runPython } from '../support/run-python.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONFIGS = join(ROOT, 'test/support/tiny-configs');
const CASES = readdirSync(CONFIGS).map((file) => file.replace(/\.json$/, ''));
let saved = '';

beforeAll(async () => {
  saved = mkdtempSync(join(tmpdir(), 'saved-keys-'));
  const script = join(ROOT, 'test/support/save_tiny_models.py');
  await runPython(script, [CONFIGS, saved]);
});

afterAll(() => rmSync(saved, { recursive: true, force: true }));

const readConfig = (directory: string, file: string): ModelConfig =>
  JSON.parse(readFileSync(join(directory, file), 'utf8')) as ModelConfig;

function familyOf(config: ModelConfig): Family {
  const family = findFamily(config);
  if (!family) throw new Error(`no family for ${String(config['architectures'])}`);
  return family;
}

async function weightsOf(name: string): Promise<ReferenceWeights> {
  const { weights, warnings } = await readWeights(join(saved, name), null);
  if (!weights) throw new Error(`no weights in ${name}: ${warnings.join('; ')}`);
  return weights;
}

/** Published with code of their own: transformers could not save them. */
const FOREIGN = new Set(['DeciLMForCausalLM']);

it.each(FAMILIES)('$name has a tiny config of each of its architectures', ({ architectures }) => {
  const known = CASES.flatMap((name) => readConfig(CONFIGS, `${name}.json`)['architectures']);
  expect(known).toEqual(expect.arrayContaining(architectures.filter((name) => !FOREIGN.has(name))));
});

describe.each(CASES)('%s', (name) => {
  it('has the names and shapes of the formula', async () => {
    // As a user writes it, and as transformers writes it with every default filled in.
    for (const config of [readConfig(CONFIGS, `${name}.json`), readConfig(join(saved, name), 'config.json')]) {
      const family = familyOf(config);
      const dimensions = family.dimensions(config);
      const weights = await weightsOf(name);
      const { expected, problems } = expectKeys({
        formula: family.expected(dimensions, config),
        weights,
        // transformers knows no layers for multi-token prediction, so it saves none.
        optional: optionalParts(family, dimensions),
        checkpointHas: () => true,
      });
      const shapes = [...weights.tensors].map(([key, stored]) => [key, stored?.shape] as const);
      expect(Object.fromEntries(expected)).toEqual(Object.fromEntries(shapes));
      expect(problems).toEqual([]);
    }
  });

  it('keeps in float32 only what the family protects', async () => {
    const family = familyOf(readConfig(CONFIGS, `${name}.json`));
    const weights = await weightsOf(name);
    expect([...weights.tensors.values()].some((stored) => stored?.dtype === 'BF16')).toBe(true);
    expect(findUnprotected(family.keepFloat32, weights, weights.tensors.keys())).toEqual([]);
  });
});
