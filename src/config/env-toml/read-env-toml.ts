// env.toml of the Nemotron command line: its profiles with what they inherit, as text and numbers that are not resolved yet.
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml';
import { ConversionError } from '../../contract/failures.ts';
import { RESERVED_SECTIONS } from './key-rules.ts';

export interface EnvProfile {
  readonly name: string;
  readonly parent: string | null;
  /** What the section says itself, without `extends`. */
  readonly own: Readonly<Record<string, TomlValue>>;
  /** On top of what it inherits: tables key by key, everything else as a whole. */
  readonly merged: Readonly<Record<string, TomlValue>>;
}

export interface EnvFile {
  readonly profiles: ReadonlyMap<string, EnvProfile>;
  /** Sections that are no profiles. */
  readonly reserved: readonly string[];
  /** Keys that stand outside of any section. */
  readonly strays: readonly string[];
}

/** @throws ConversionError InvalidInput with the line for what is not TOML; with every cycle and every unknown parent. */
export function readEnvToml(text: string, file: string): EnvFile {
  const root = parseToml(text, file);
  const sections = new Map<string, TomlTable>();
  const strays: string[] = [];
  for (const [name, value] of Object.entries(root)) {
    if (isTable(value)) sections.set(name, value);
    else strays.push(name);
  }
  const problems: string[] = [];
  const profiles = new Map<string, EnvProfile>();
  for (const [name, section] of sections) {
    if (Object.hasOwn(RESERVED_SECTIONS, name)) continue;
    const { extends: parent, ...own } = section;
    const merged = mergeChain(name, sections, []);
    if (typeof merged === 'string') problems.push(`${file}: ${merged}`);
    else profiles.set(name, { name, parent: typeof parent === 'string' ? parent : null, own, merged });
  }
  if (problems.length > 0) {
    const unique = [...new Set(problems)];
    throw new ConversionError('InvalidInput', unique.join('\n'), { problems: unique });
  }
  const reserved = [...sections.keys()].filter((name) => Object.hasOwn(RESERVED_SECTIONS, name));
  return { profiles, reserved, strays };
}

function parseToml(text: string, file: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The library shows the lines around the place, and a line may hold a secret.
    const message = `${file}:${error.line}:${error.column}: not TOML: ${error.message.split('\n')[0] ?? ''}`;
    throw new ConversionError('InvalidInput', message, { problems: [message] });
  }
}

function mergeChain(
  name: string,
  sections: ReadonlyMap<string, TomlTable>,
  chain: readonly string[],
): Record<string, TomlValue> | string {
  if (chain.includes(name)) {
    return `profiles extend each other in a cycle: ${[...chain.slice(chain.indexOf(name)), name].join(' -> ')}`;
  }
  const { extends: parent, ...own } = sections.get(name) ?? {};
  if (parent === undefined) return own;
  if (typeof parent !== 'string') return `extends of [${name}] must be the name of a profile`;
  if (!sections.has(parent)) return `[${name}] extends ${parent}, and there is no such section`;
  const base = mergeChain(parent, sections, [...chain, name]);
  return typeof base === 'string' ? base : mergeTables(base, own);
}

function mergeTables(base: Record<string, TomlValue>, own: Record<string, TomlValue>): Record<string, TomlValue> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(own)) {
    const before = merged[key];
    merged[key] = before !== undefined && isTable(before) && isTable(value) ? mergeTables(before, value) : value;
  }
  return merged;
}

export function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}
