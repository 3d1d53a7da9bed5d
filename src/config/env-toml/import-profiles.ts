// All profiles of an env.toml as ours: each says what it adds to its parent, and what could not be taken over. Pure.
import { isDeepStrictEqual } from 'node:util';
import { LOCAL_PROFILE, PROFILE_NAME } from '../../contract/profiles.ts';
import { convertProfile, type ConvertedProfile, type Note } from './convert-profile.ts';
import type { ImportedExecutor } from './key-rules.ts';
import type { EnvFile, EnvProfile } from './read-env-toml.ts';

export interface ImportedProfile {
  /** As it is called here. */
  readonly name: string;
  /** What stands below its name in worker.yaml; null where the profile cannot be had here. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** About the section's own keys. */
  readonly notes: readonly Note[];
}

const EXECUTORS: readonly string[] = ['local', 'slurm', 'lepton', 'dgxcloud'] satisfies ImportedExecutor[];

/** @param wanted - names of the sections, in their order; the ones that they extend come along. */
export function importProfiles(file: EnvFile, wanted: readonly string[]): ImportedProfile[] {
  const chosen = withParents(file, wanted);
  return [...file.profiles.values()].filter(({ name }) => chosen.has(name)).map((profile) => importOne(profile, file));
}

function withParents({ profiles }: EnvFile, wanted: readonly string[]): Set<string> {
  const chosen = new Set<string>();
  for (const name of wanted) {
    for (let at = profiles.get(name); at !== undefined; at = profiles.get(at.parent ?? '')) chosen.add(at.name);
  }
  return chosen;
}

function importOne(profile: EnvProfile, file: EnvFile): ImportedProfile {
  const executor = executorOf(profile);
  if (executor === null) {
    const text = `executor ${profile.merged['executor'] === undefined ? 'is missing' : JSON.stringify(profile.merged['executor'])}: there is none like it here (${EXECUTORS.join(', ')}); the whole profile is left out`;
    return { name: nameOf(profile), fields: null, notes: [{ key: 'executor', text, unknown: false }] };
  }
  const whole = convertProfile(profile.name, executor, profile.merged);
  const renamed = nameOf(profile) === profile.name ? [] : [renaming(profile)];
  const parent = file.profiles.get(profile.parent ?? '');
  const difference = parent === undefined ? null : subtract(whole, parent);
  const fields =
    difference === null || parent === undefined ? whole.fields : { extends: nameOf(parent), ...difference };
  const isOwn = ({ key }: Note): boolean => difference === null || Object.hasOwn(profile.own, key);
  return { name: nameOf(profile), fields, notes: [...renamed, ...whole.notes.filter(isOwn)] };
}

function executorOf({ merged: { executor } }: EnvProfile): ImportedExecutor | null {
  return typeof executor === 'string' && EXECUTORS.includes(executor) ? (executor as ImportedExecutor) : null;
}

/** What `extends` leaves to say; null where our rules of inheritance would give something else than the step's. */
function subtract({ fields }: ConvertedProfile, parent: EnvProfile): Record<string, unknown> | null {
  const executor = executorOf(parent);
  if (executor === null || executor !== fields['executor']) return null;
  const base = convertProfile(parent.name, executor, parent.merged).fields;
  const difference: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (isDeepStrictEqual(value, base[key])) continue;
    // Lists of mounts grow along the chain here, and are replaced in the step.
    const rest = key === 'mounts' ? restOf(value, base[key]) : value;
    if (rest === null) return null;
    difference[key] = isRecord(rest) && isRecord(base[key]) ? subtractMap(rest, base[key]) : rest;
  }
  for (const key of Object.keys(base)) if (!Object.hasOwn(fields, key)) difference[key] = null;
  return difference;
}

function restOf(list: unknown, base: unknown): unknown[] | null {
  if (!Array.isArray(list)) return null;
  const before: unknown[] = Array.isArray(base) ? (base as unknown[]) : [];
  const own = list as unknown[];
  return isDeepStrictEqual(own.slice(0, before.length), before) ? own.slice(before.length) : null;
}

/** Key by key; a key that the child does not have is taken back. */
function subtractMap(map: Record<string, unknown>, base: Record<string, unknown>): Record<string, unknown> {
  const own = Object.entries(map).filter(([key, value]) => !isDeepStrictEqual(value, base[key]));
  const gone = Object.keys(base).filter((key) => !Object.hasOwn(map, key));
  return { ...Object.fromEntries(own), ...Object.fromEntries(gone.map((key) => [key, null])) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names are parts of dotted keys here, and `local` is the worker itself. */
function nameOf(profile: EnvProfile): string {
  const plain = profile.name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 90);
  const name = PROFILE_NAME.test(plain) ? plain : 'profile';
  return name === LOCAL_PROFILE && executorOf(profile) !== 'local' ? `${name}-${executorOf(profile) ?? 'other'}` : name;
}

function renaming(profile: EnvProfile): Note {
  return { key: 'name', text: `was called ${JSON.stringify(profile.name)}`, unknown: false };
}
