// One profile of an env.toml, with what it inherits, as one of ours. Pure.
import type { TomlValue } from 'smol-toml';
import { shapeValue, type Context } from './shape-value.ts';
import { NotOurs } from './own-text.ts';
import { rulesOf, type ImportedExecutor } from './key-rules.ts';

/** What a person should know about a key. */
export interface Note {
  readonly key: string;
  readonly text: string;
  /** Nobody knows the key: it may be a slip. */
  readonly unknown: boolean;
}

export interface ConvertedProfile {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly notes: readonly Note[];
}

/** The image of the step's runspec, for a profile that names none. */
const STEP_IMAGE = 'nvcr.io/nvidia/nemo:26.04';
/** What the step's launcher fills in (`create_slurm_executor`). */
const STEP_TIME = '04:00:00';
const STEP_MOUNT = '/lustre:/lustre';

export function convertProfile(
  name: string,
  executor: ImportedExecutor,
  merged: Readonly<Record<string, TomlValue>>,
): ConvertedProfile {
  const rules = rulesOf(executor);
  const fields: Record<string, unknown> = { executor };
  const notes: Note[] = [];
  const siblings = scalarsOf(merged);
  for (const [key, rule] of Object.entries(rules)) {
    const value = merged[key];
    if (value === undefined) continue;
    if ('note' in rule) {
      notes.push({ key, text: rule.note, unknown: false });
      continue;
    }
    const context: Context = {
      profile: name,
      key,
      siblings,
      tell: (text) => notes.push({ key, text, unknown: false }),
    };
    try {
      put(fields, rule.to, shapeValue(value, rule.shape, context));
    } catch (error) {
      if (!(error instanceof NotOurs)) throw error;
      context.tell(error.message);
    }
  }
  for (const key of Object.keys(merged)) {
    if (key === 'executor' || Object.hasOwn(rules, key)) continue;
    notes.push({ key, text: 'not known to the step or to this package; left out', unknown: true });
  }
  return { fields: withDefaults(fields, executor, merged), notes };
}

function put(fields: Record<string, unknown>, target: string, value: unknown): void {
  const before = fields[target];
  if (value === null || value === undefined) return;
  if (before === undefined) fields[target] = value;
  else if (Array.isArray(before) && Array.isArray(value))
    fields[target] = [...(before as unknown[]), ...(value as unknown[])];
}

function withDefaults(
  fields: Record<string, unknown>,
  executor: ImportedExecutor,
  merged: Readonly<Record<string, TomlValue>>,
): Record<string, unknown> {
  if (executor === 'local') return fields;
  const image = { container_image: STEP_IMAGE };
  if (executor !== 'slurm') return { executor, ...image, ...fields };
  const given = Array.isArray(fields['mounts']) ? (fields['mounts'] as unknown[]) : [];
  const mounts = merged['lustre_mount'] === undefined ? [...given, STEP_MOUNT] : given;
  return {
    executor,
    ...image,
    time: STEP_TIME,
    ...fields,
    ...(mounts.length === 0 ? {} : { mounts: [...new Set(mounts)] }),
  };
}

function scalarsOf(merged: Readonly<Record<string, TomlValue>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(merged).flatMap(([key, value]) => (typeof value === 'object' ? [] : [[key, String(value)]])),
  );
}
