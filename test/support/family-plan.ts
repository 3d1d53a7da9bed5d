// Plans of family fixtures against a reference whose config.json was changed: what the strict checks say about a wrong one.
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionInput } from '../../src/contract/index.ts';
import { buildPlan } from '../../src/engines/build-plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { parseJsonObject, removeMember, replaceMember } from '../../src/reference/json-text.ts';
import type { FamilyFixture } from './family-fixtures.ts';
import { surroundingsFor } from './rank-conversion.ts';

/**
 * A copy of the reference below `parent`, without weights, so that the formula alone decides which keys are expected.
 *
 * @param change fields of config.json; undefined removes one. The text of the others stays: transformers tells 7.0 from 7
 */
export async function changeReference(
  { reference }: FamilyFixture,
  change: Readonly<Record<string, unknown>>,
  parent: string,
): Promise<string> {
  const copy = await mkdtemp(join(parent, 'reference-'));
  await cp(reference, copy, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
  const config = join(copy, 'config.json');
  let text = await readFile(config, 'utf8');
  for (const [field, value] of Object.entries(change)) text = changeField(text, field, JSON.stringify(value));
  await writeFile(config, text);
  return copy;
}

/** What is known of a reference whose weights nobody downloads: their names. */
export async function writeIndex(reference: string, names: readonly string[]): Promise<void> {
  const weightMap = Object.fromEntries(names.map((name) => [name, 'model-00001-of-00001.safetensors']));
  await writeFile(
    join(reference, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: weightMap }),
  );
}

function changeField(text: string, field: string, value: string | undefined): string {
  if (!(field in parseJsonObject(text))) return text.replace('{', `{ ${JSON.stringify(field)}: ${value ?? 'null'},`);
  return value === undefined ? removeMember(text, field) : replaceMember(text, field, value);
}

/** The strict plan of a layout against such a copy. @throws ConversionError of the checks */
export async function planWith(
  fixture: FamilyFixture,
  layout: string,
  change: Readonly<Record<string, unknown>>,
  parent: string,
): Promise<Plan> {
  const found = fixture.layouts.find(({ name }) => name === layout);
  if (!found) throw new Error(`${fixture.name} has no layout ${layout}`);
  const input = ConversionInput.parse({
    megatron_path: found.path,
    hf_model_id: await changeReference(fixture, change, parent),
    hf_path: join(parent, 'never-written'),
  });
  return (await buildPlan(input, surroundingsFor())).plan;
}
