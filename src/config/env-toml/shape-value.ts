// A value of an env.toml in the shape that its target has here. Pure.
import type { TomlTable, TomlValue } from 'smol-toml';
import type { Shape } from './key-rules.ts';
import { isSecretName } from '../secrets.ts';
import { NotOurs, ownText } from './own-text.ts';
import { isTable } from './read-env-toml.ts';

export interface Context {
  readonly profile: string;
  readonly key: string;
  /** Scalar values of the same profile. */
  readonly siblings: Readonly<Record<string, string>>;
  /** Takes what a person should know. */
  readonly tell: (text: string) => void;
}

/** Null where nothing is to be written. @throws NotOurs */
export function shapeValue(value: TomlValue, shape: Shape, context: Context): unknown {
  return SHAPES[shape](value, context);
}

const SHAPES: Readonly<Record<Shape, (value: TomlValue, context: Context) => unknown>> = {
  plain: (value, context) => plain(value, context),
  // Names of secrets are none.
  names: (value, context) => plain(value, context, ''),
  count: (value, context) => (value === 0 ? null : plain(value, context)),
  lines,
  env: environment,
  hostMounts,
  leptonMounts,
  claims,
  secret: secretVariable,
};

function plain(value: TomlValue, context: Context, name = context.key): unknown {
  if (typeof value === 'string') return value === '' ? null : own(value, name, context);
  if (Array.isArray(value)) return value.map((item) => plain(item, context, name));
  if (isTable(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child, context, key)]));
  }
  // `time = 04:00:00` without quotes is a time of the day in TOML.
  if (value instanceof Date) return value.toISOString().replace(/\.0+$/, '');
  return typeof value === 'bigint' ? String(value) : value;
}

function own(text: string, name: string, context: Context, variable = variableOf(context, name)): string {
  const { text: ours, secretVariable: taken } = ownText(text, name, context.siblings, variable);
  if (taken !== null) context.tell(`${name} was written as it is; put it into the worker's environment as ${taken}`);
  return ours;
}

const variableOf = ({ profile, key }: Context, name: string): string =>
  [profile, ...new Set([key, name])]
    .join('_')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_');

function lines(value: TomlValue, context: Context): string[] {
  const texts = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => {
    if (typeof text !== 'string') throw new NotOurs('expected shell lines as text');
    const found = text.split('\n').filter((line) => line.trim() !== '');
    return found.flatMap((line) => {
      const secret = findAssigned(line);
      if (secret === null) return own(line, context.key, context);
      context.tell(
        `the line that gives ${secret} its value is left out, since others may read a script; write it into env: ${secret}: \${oc.env:${secret}}`,
      );
      return [];
    });
  });
}

/** NAME=VALUE in a shell line. A value of another variable of the shell is no secret; one of ours would be filled in and stand in the script. */
const ASSIGNMENT = /(?<![\w$])([A-Za-z_]\w*)=(?!["']?\$(?!\{oc\.))["']?[^\s"';]/g;

/** The variable with a secret name that a line gives its value. */
function findAssigned(line: string): string | null {
  for (const [, name = ''] of line.matchAll(ASSIGNMENT)) if (isSecretName(name)) return name;
  return null;
}

function environment(value: TomlValue, context: Context): Record<string, string> {
  if (!isTable(value)) throw new NotOurs('expected a table of variables');
  const variables: Record<string, string> = {};
  for (const [name, item] of Object.entries(value)) {
    try {
      if (typeof item === 'object') throw new NotOurs('expected text');
      variables[name] = own(String(item), name, context, name);
    } catch (error) {
      if (!(error instanceof NotOurs)) throw error;
      context.tell(`${name}: ${error.message}; left out`);
    }
  }
  return variables;
}

function hostMounts(value: TomlValue, context: Context): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((mount) => {
    if (mount === '') return [];
    if (typeof mount === 'string' && mount.includes(':') && !mount.includes('auto_mount'))
      return own(mount, context.key, context);
    context.tell(`${describe(mount)} is not SOURCE:TARGET; left out`);
    return [];
  });
}

/** `from` is needed by Lepton; the step's documentation leaves it out. */
function leptonMounts(value: TomlValue, context: Context): object[] {
  return tablesOf(value, context, ['path', 'from', 'mount_path', 'read_only']).map((mount) => {
    if (mount['from'] === undefined) context.tell('a mount names no storage: write `from`, such as node-nfs:NAME');
    return {
      path: mount['path'],
      from: mount['from'] ?? '???',
      mount_path: mount['mount_path'],
      ...optional(mount, 'read_only'),
    };
  });
}

function claims(value: TomlValue, context: Context): object[] {
  // Run:ai makes a claim that it does not find, where existingPvc is not said; here it must be said.
  return tablesOf(value, context, ['name', 'path', 'claimName', 'existingPvc', 'readOnly']).map((claim) => ({
    existingPvc: false,
    ...claim,
  }));
}

function tablesOf(value: TomlValue, context: Context, keys: readonly string[]): Record<string, unknown>[] {
  const tables: Record<string, unknown>[] = [];
  for (const item of Array.isArray(value) ? value : [value]) {
    if (isTable(item)) {
      const unknown = Object.keys(item).filter((key) => !keys.includes(key));
      if (unknown.length > 0) context.tell(`${unknown.join(', ')} of an entry has no equivalent; left out`);
      tables.push(pick(item, keys, context));
    } else context.tell(`${describe(item)} is no table; left out`);
  }
  return tables;
}

function pick(table: TomlTable, keys: readonly string[], context: Context): Record<string, unknown> {
  return Object.fromEntries(
    keys.flatMap((key) => (table[key] === undefined ? [] : [[key, plain(table[key], context, key)]])),
  );
}

function optional(record: Readonly<Record<string, unknown>>, key: string): object {
  return record[key] === undefined ? {} : { [key]: record[key] };
}

/** The name of the variable that holds the secret; the secret itself is left out. */
function secretVariable(value: TomlValue, context: Context): string | null {
  const [, name] = /\$\{oc\.env:\s*([A-Za-z_][A-Za-z0-9_]*)/.exec(typeof value === 'string' ? value : '') ?? [];
  if (name !== undefined) return name;
  if (value !== '')
    context.tell(
      "was written as it is and is left out; put it into the worker's environment as DGXCLOUD_CLIENT_SECRET",
    );
  return null;
}

/** Of what is left out; a text may be a secret. */
function describe(value: TomlValue): string {
  return typeof value === 'string' && value.startsWith('${auto_mount') ? 'an auto_mount' : 'an entry';
}
