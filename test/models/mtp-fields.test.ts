// The layers for multi-token prediction have three names: what one family reads is what the export sets to none.
import { expect, it } from 'vitest';
import { MTP_FIELDS } from '../../src/models/mtp-fields.ts';
import { FAMILIES, optionalParts } from '../../src/models/registry.ts';
import type { ModelConfig } from '../../src/models/types.ts';
import { patchConfig } from '../../src/publish/config-patches.ts';
import { TYPICAL_CONFIGS } from '../support/typical-configs.ts';

const WITHOUT_MTP = { files: [], books: { dropped: [], excused: [{ rule: 'mtp', tensors: 1 }] } };

function mtpKeys(name: string, config: ModelConfig): string[] {
  const family = FAMILIES.find((one) => one.name === name);
  if (!family) throw new Error(name);
  const dimensions = family.dimensions(config);
  const parts = optionalParts(family, dimensions).filter((part) => part.name.startsWith('mtp'));
  return [...family.expected(dimensions, config).keys()].filter((key) => parts.some(({ keys }) => keys.test(key)));
}

/** The typical config, in which `field` alone speaks of such layers. */
function configWith(name: string, field: string, count: number): ModelConfig {
  const silent = Object.fromEntries(MTP_FIELDS.map((other) => [other, undefined]));
  return { ...TYPICAL_CONFIGS[name], ...silent, [field]: count };
}

const READ = FAMILIES.flatMap(({ name }) =>
  MTP_FIELDS.filter((field) => {
    const [none, one] = [0, 1].map((count) => mtpKeys(name, configWith(name, field, count)).length);
    return none !== one;
  }).map((field) => [name, field] as const),
);

it('families read the names of the list, and all of them are read', () => {
  expect(new Set(READ.map(([, field]) => field))).toEqual(new Set(MTP_FIELDS));
  const families = new Set(READ.map(([name]) => name));
  expect(families).toEqual(new Set(['deepseek-v3', 'glm4-moe', 'nemotron-h', 'qwen3-next', 'qwen3.5', 'qwen3.5-moe']));
});

it.each(READ)('%s calls for none of them once %s is patched', (name, field) => {
  const { text } = patchConfig(JSON.stringify(configWith(name, field, 1)), WITHOUT_MTP);
  const patched = JSON.parse(text) as ModelConfig;
  expect(patched[field]).toBe(0);
  expect(mtpKeys(name, patched)).toEqual([]);
});
