// The step's other spellings, and what only an operator may say: one layer of a configuration in our own names.
import { isDeepStrictEqual } from 'node:util';
import { describeOrigin, nestLeaves, setLeaf, type Leaf, type Leaves } from './leaf.ts';
import { OWN_SECTION, STEP_PARAMETERS, type StepParameter } from './step-parameters.ts';

const ALIASES = new Map(
  STEP_PARAMETERS.flatMap(({ name, ours }) => (ours === null || ours === name ? [] : [[name, ours] as const])),
);
const FOREIGN = STEP_PARAMETERS.filter(({ ours, only }) => ours === null && only === undefined);

/** Our name of a path: `hf_model` is `hf_model_id`, and `megatron_to_hf.wait.timeout` is `wait.timeout`. */
export function ownName(path: string): string {
  const inner = path.startsWith(`${OWN_SECTION}.`) ? path.slice(OWN_SECTION.length + 1) : path;
  return ALIASES.get(inner) ?? inner;
}

/**
 * Renames the leaves of one file or of the command line. An alias that is null says nothing, nor does a key of the operator that is null,
 * empty or at the step's default: a copy of the step's own configuration stays valid.
 */
export function adoptStepNames(leaves: Leaves): { leaves: Leaves; problems: string[] } {
  const adopted: Leaves = new Map();
  const spelt = new Map<string, string>();
  const problems: string[] = [];
  const foreign = new Map(FOREIGN.map((row) => [row, new Map() as Leaves]));
  for (const [path, leaf] of leaves) {
    const row = FOREIGN.find(({ name }) => path === name || path.startsWith(`${name}.`));
    if (row !== undefined) {
      foreign.get(row)?.set(path, leaf);
      continue;
    }
    const name = ownName(path);
    if ((path === OWN_SECTION || name !== path) && isNothing(leaf.value)) continue;
    const earlier = adopted.get(name);
    if (earlier !== undefined && !isDeepStrictEqual(earlier.value, leaf.value)) {
      problems.push(
        `${spelt.get(name) ?? name} and ${path} (${describeOrigin(leaf.origin)}) are the same parameter, and are given different values: keep one`,
      );
    }
    spelt.set(name, path);
    setLeaf(adopted, name, leaf);
  }
  for (const [row, given] of foreign) problems.push(...refuseForeign(row, given));
  return { leaves: adopted, problems };
}

function refuseForeign(row: StepParameter, given: Leaves): string[] {
  const [first] = given.values();
  if (first === undefined || saysNothing(row, given)) return [];
  const [path = row.name, ...others] = given.keys();
  const all = others.length === 0 ? '' : `; also ${others.join(', ')}`;
  return [`${path} (${describeOrigin(first.origin)}${all}) ${row.instead ?? ''}`];
}

function saysNothing({ name, fallback }: StepParameter, given: Leaves): boolean {
  if ([...given.values()].every(({ value }) => isNothing(value))) return true;
  const value = name
    .split('.')
    .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], nestLeaves(given));
  return isDeepStrictEqual(value, fallback);
}

const isNothing = (value: Leaf['value']): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0);
