// A local directory as a reference: what is there, and whether it is enough.
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../contract/units.ts';
import { parseJsonObject } from './json-text.ts';
import { autoMapModules, MAPPED_FILES, pythonFiles } from './python-files.ts';
import { isSmallFile, MAX_FILE_BYTES } from './select-files.ts';

export interface DirectoryContent {
  readonly path: string;
  /** Parsed config.json, or null where it is absent or does not parse; `problems` then says why. */
  readonly config: Readonly<Record<string, unknown>> | null;
  /** All small files but config.json, sorted. */
  readonly files: readonly string[];
  /** Modules and foreign references named by an `auto_map`. */
  readonly remoteCode: readonly string[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Look at a directory of small files; weights and unknown files are passed over. Links are followed, as the hub cache needs. */
export async function readDirectory(path: string): Promise<DirectoryContent> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const names = (await listSmallFiles(path, warnings)).filter((name) => name !== 'config.json');
  const config = await readConfig(path, problems);
  const code = await findCode(path, problems, warnings);
  return {
    path,
    config,
    files: [...names, ...code.files].sort(),
    remoteCode: code.modules,
    problems,
    warnings,
  };
}

/** sha256 over names, sizes and contents, sorted by name. `files` maps a name to the path that holds it, or to the content itself. */
export async function digestFiles(files: ReadonlyMap<string, string | Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, path] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const content = typeof path === 'string' ? await readFile(path) : path;
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Names of the small files that lie directly in a directory (or in its additional_chat_templates). */
export async function listSmallFiles(path: string, warnings: string[]): Promise<string[]> {
  const nested = await readdir(join(path, 'additional_chat_templates')).catch(() => []);
  const names = [...(await readdir(path)), ...nested.map((name) => `additional_chat_templates/${name}`)];
  const small: string[] = [];
  for (const name of names.filter(isSmallFile).sort()) {
    const found = await stat(join(path, name)).catch(() => null);
    if (!found?.isFile()) continue;
    if (found.size > MAX_FILE_BYTES) {
      warnings.push(`${name} is not copied: ${formatBytes(found.size)} is above ${formatBytes(MAX_FILE_BYTES)}`);
    } else {
      small.push(name);
    }
  }
  return small;
}

async function readConfig(path: string, problems: string[]): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await readText(join(path, 'config.json'));
  if (text === null) {
    problems.push('config.json is missing');
    return null;
  }
  try {
    const config = parseJsonObject(text);
    if (!Array.isArray(config['architectures']) || config['architectures'].length === 0) {
      problems.push('config.json has no "architectures"');
    }
    if (typeof config['model_type'] !== 'string') problems.push('config.json has no "model_type"');
    return config;
  } catch (error) {
    problems.push(`config.json does not parse: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function findCode(
  path: string,
  problems: string[],
  warnings: string[],
): Promise<{ files: string[]; modules: string[] }> {
  const local: string[] = [];
  const foreign: string[] = [];
  for (const name of MAPPED_FILES) {
    const text = await readText(join(path, name));
    if (text === null) continue;
    try {
      const modules = autoMapModules(parseJsonObject(text));
      local.push(...modules.local);
      foreign.push(...modules.foreign);
    } catch {
      if (name !== 'config.json') problems.push(`${name} does not parse`);
    }
  }
  const { found, missing } = await pythonFiles([...new Set(local)], (name) => readText(join(path, name)));
  for (const name of missing) warnings.push(`${name} is named by auto_map or an import, but is not in the reference`);
  for (const name of foreign) warnings.push(`auto_map refers to another repository, which is not copied: ${name}`);
  return { files: found, modules: [...new Set([...local, ...foreign])] };
}

async function readText(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() && found.size <= MAX_FILE_BYTES ? readFile(path, 'utf8') : null;
}
