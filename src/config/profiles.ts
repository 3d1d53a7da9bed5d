// `profiles:` of worker.yaml: inheritance by `extends`, then each profile against the schema of its executor.
import {
  LocalProfile,
  LOCAL_PROFILE,
  PROFILE_NAME,
  PROFILE_SCHEMAS,
  type Profile,
  type Profiles,
} from '../contract/profiles.ts';
import { checkConfig } from './check-config.ts';
import { describeOrigin, nestLeaves, setLeaf, type Leaf, type Leaves } from './leaf.ts';
import { listOptions } from './options.ts';
import { closest } from './suggest.ts';

const SECTION = 'profiles.';
/** Mappings whose keys are data: merged key by key, and one value for the schema. */
const MAPS = ['env', 'env_from', 'custom_spec'];
/** Lists that grow along the chain; of every other key the child's value holds. */
const JOINED = new Set(['mounts']);

/** Takes the leaves below `profiles` out of those of a file. */
export function splitProfiles(leaves: Leaves): { profiles: Leaves; rest: Leaves } {
  const profiles: Leaves = new Map();
  const rest: Leaves = new Map();
  for (const [path, leaf] of leaves) {
    if (path === 'profiles' && isEmpty(leaf.value)) continue;
    if (path === 'profiles' || path.startsWith(SECTION)) profiles.set(path, leaf);
    else rest.set(path, leaf);
  }
  return { profiles, rest };
}

/** Every profile, and every problem that stands in the way of one, with file and line. `local` may be described, and stays local. */
export function readProfiles(leaves: Leaves): { profiles: Profiles; problems: string[] } {
  const problems: string[] = [];
  const drafts = new Map<string, Leaves>();
  for (const [path, leaf] of leaves) {
    const [, name = '', ...keys] = path.split('.');
    const at = `${path} (${describeOrigin(leaf.origin)})`;
    if (!PROFILE_NAME.test(name)) problems.push(`${at}: a profile has a name of letters, digits, - and _`);
    else if (keys.length === 0) problems.push(`${at}: a profile is a mapping that names its executor`);
    else drafts.set(name, (drafts.get(name) ?? new Map<string, Leaf>()).set(keys.join('.'), leaf));
  }
  const profiles: Record<string, Profile> = {};
  for (const name of drafts.keys()) {
    const found = checkProfile(name, drafts);
    problems.push(...found.problems);
    if (found.profile !== null) profiles[name] = found.profile;
  }
  profiles[LOCAL_PROFILE] ??= LocalProfile.parse({ executor: 'local' });
  return { profiles, problems: [...new Set(problems)] };
}

function checkProfile(
  name: string,
  drafts: ReadonlyMap<string, Leaves>,
): { profile: Profile | null; problems: string[] } {
  const merged = mergeChain(name, drafts, []);
  if (typeof merged === 'string') return { profile: null, problems: [merged] };
  // `null` is as if left out, so that a child can take back what its parent says.
  const leaves = new Map([...collectMaps(merged)].filter(([, leaf]) => leaf.value !== null));
  const executor = leaves.get('executor');
  const known = Object.keys(PROFILE_SCHEMAS);
  if (executor === undefined)
    return { profile: null, problems: [`profiles.${name} names no executor (${known.join(', ')})`] };
  const schema = typeof executor.value === 'string' ? schemaOf(executor.value) : null;
  const at = `profiles.${name}.executor (${describeOrigin(executor.origin)})`;
  if (schema === null) {
    const problem = `${at}: there is no executor ${JSON.stringify(executor.value)}; there are ${known.join(', ')}`;
    return { profile: null, problems: [problem] };
  }
  if (name === LOCAL_PROFILE && executor.value !== 'local') {
    const problem = `${at}: the profile ${LOCAL_PROFILE} is the worker's own machine, so its executor is local`;
    return { profile: null, problems: [problem] };
  }
  const { value, problems } = checkConfig(schema, listOptions(schema), leaves);
  return { profile: value, problems: problems.map((problem) => `profiles.${name}.${problem}`) };
}

function schemaOf(executor: string): (typeof PROFILE_SCHEMAS)[keyof typeof PROFILE_SCHEMAS] | null {
  return Object.hasOwn(PROFILE_SCHEMAS, executor) ? PROFILE_SCHEMAS[executor as keyof typeof PROFILE_SCHEMAS] : null;
}

/** The leaves of a profile on top of its parents', or what is wrong with the chain. */
function mergeChain(name: string, drafts: ReadonlyMap<string, Leaves>, chain: readonly string[]): Leaves | string {
  const own = drafts.get(name) ?? new Map<string, Leaf>();
  const parent = own.get('extends');
  if (chain.includes(name)) {
    return `profiles extend each other in a cycle: ${[...chain.slice(chain.indexOf(name)), name].join(' -> ')}`;
  }
  if (parent === undefined || parent.value === null) return withoutExtends(own);
  const at = `profiles.${name}.extends (${describeOrigin(parent.origin)})`;
  if (typeof parent.value !== 'string') return `${at}: expected the name of a profile`;
  if (!drafts.has(parent.value)) return `${at}: ${describeUnknown(parent.value, [...drafts.keys()])}`;
  const base = mergeChain(parent.value, drafts, [...chain, name]);
  if (typeof base === 'string') return base;
  const merged: Leaves = new Map(base);
  for (const [path, leaf] of withoutExtends(own)) setLeaf(merged, path, joinList(path, base.get(path), leaf));
  return merged;
}

function withoutExtends(leaves: Leaves): Leaves {
  return new Map([...leaves].filter(([path]) => path !== 'extends'));
}

function joinList(path: string, parent: Leaf | undefined, own: Leaf): Leaf {
  if (!JOINED.has(path) || !Array.isArray(parent?.value) || !Array.isArray(own.value)) return own;
  return { ...own, value: [...(parent.value as unknown[]), ...(own.value as unknown[])] };
}

/** `env.A`, `env.B` become the one value `env`; `custom_spec` may be deeper. Numbers and truth values of an environment are the text they were written as. */
function collectMaps(leaves: Leaves): Leaves {
  const collected: Leaves = new Map();
  const maps = new Map<string, Leaves>();
  for (const [path, leaf] of leaves) {
    const map = MAPS.find((key) => path.startsWith(`${key}.`));
    if (map === undefined) {
      collected.set(path, leaf);
      continue;
    }
    const own: Leaves = maps.get(map) ?? new Map();
    maps.set(map, own);
    const value = map === 'custom_spec' ? leaf.value : asText(leaf);
    if (leaf.value !== null) own.set(path.slice(map.length + 1), { ...leaf, value });
    collected.set(map, { ...leaf, text: null, value: nestLeaves(own) });
  }
  return collected;
}

function asText({ value, text }: Leaf): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return text ?? String(value);
  return value;
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** `there is no profile slurm_convert; did you mean slurm_convert_model? There are local, slurm_convert_model` */
function describeUnknown(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  return `there is no profile ${name}${near === null ? '' : `; did you mean ${near}?`} There are ${names.join(', ')}`;
}
