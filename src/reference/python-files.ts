// The code of a reference, as data: which `.py` files its `auto_map`s name, and what those import beside themselves.

/** Configuration files that may have an `auto_map`. */
export const MAPPED_FILES = [
  'config.json',
  'tokenizer_config.json',
  'processor_config.json',
  'preprocessor_config.json',
  'generation_config.json',
] as const;

export interface AutoMapModules {
  /** Modules of this repository, without `.py`. */
  readonly local: readonly string[];
  /** References into other repositories, `org/name--module.Class`. */
  readonly foreign: readonly string[];
}

/** Modules that the `auto_map` of a configuration names. Values are `module.Class`, or a list of them with nulls. */
export function autoMapModules(config: Readonly<Record<string, unknown>>): AutoMapModules {
  const map = config['auto_map'];
  const local = new Set<string>();
  const foreign = new Set<string>();
  const values = typeof map === 'object' && map !== null ? Object.values(map).flat() : [];
  for (const value of values) {
    if (typeof value !== 'string') continue;
    if (value.includes('--')) foreign.add(value);
    else if (/^\w+\.\w+$/.test(value)) local.add(value.slice(0, value.indexOf('.')));
  }
  return { local: [...local], foreign: [...foreign] };
}

/** Names of the modules beside it that a Python source imports relatively: `from .a import x`, `from . import b, c`. */
function relativeImports(source: string): string[] {
  const modules = new Set<string>();
  for (const [, name] of source.matchAll(/^\s*from\s+\.(\w+)(?:\.\w+)*\s+import\s/gm)) if (name) modules.add(name);
  for (const [, list] of source.matchAll(/^\s*from\s+\.\s+import\s+(\([^)]*\)|[^\n#]*)/gm)) {
    for (const [, name] of (list ?? '').matchAll(/(\w+)(?:\s+as\s+\w+)?\s*(?:,|\)|$)/g)) if (name) modules.add(name);
  }
  return [...modules];
}

/**
 * The `.py` files that `modules` need, in order of discovery. `read` gives a file's text, or null where there is none.
 * A module that only exists as a package directory is left to the reader's null.
 */
export async function pythonFiles(
  modules: readonly string[],
  read: (name: string) => Promise<string | null>,
): Promise<{ found: string[]; missing: string[] }> {
  const found: string[] = [];
  const missing: string[] = [];
  const waiting = [...modules];
  const seen = new Set(waiting);
  for (let module = waiting.shift(); module !== undefined; module = waiting.shift()) {
    const name = `${module}.py`;
    const source = await read(name);
    if (source === null) {
      missing.push(name);
      continue;
    }
    found.push(name);
    for (const next of relativeImports(source)) {
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
  return { found, missing };
}
