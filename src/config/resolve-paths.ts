// Relative paths mean the caller's own directory; a workflow on another machine must only ever see absolute ones.
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { describeOrigin, MANDATORY, type Leaves } from './leaf.ts';

const PATHS = ['megatron_path', 'hf_path', 'smoke.offload_folder'];

/** Makes the path parameters absolute; `hf_model_id` only where it names a directory, as transformers decides. */
export function resolvePaths(leaves: Leaves, cwd: string): Leaves {
  const resolved: Leaves = new Map(leaves);
  for (const path of [...PATHS, 'hf_model_id']) {
    const leaf = leaves.get(path);
    if (leaf === undefined || typeof leaf.value !== 'string' || leaf.value === '' || leaf.value === MANDATORY) continue;
    if (path === 'hf_model_id' && !isDirectory(leaf.value, cwd)) continue;
    const value = absolute(leaf.value, cwd);
    resolved.set(path, { ...leaf, value, text: value });
  }
  return resolved;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A path that begins with a variable which is set and empty would begin at the root of the file system, as it does in the step.
 *
 * @param leaves - before interpolation
 */
export function refuseEmptyVariables(leaves: Leaves, environment: Environment): string[] {
  return PATHS.flatMap((path) => {
    const leaf = leaves.get(path);
    const name = typeof leaf?.value === 'string' ? leadingVariable(leaf.value, environment) : undefined;
    if (leaf === undefined || name === undefined || environment[name] !== '') return [];
    const where = describeOrigin(leaf.origin);
    return [`${path} (${where}) begins with ${name}, which is set, and empty: unset it, or give ${path}=...`];
  });
}

/** The variable that gives the first characters: of `${oc.env:A,${oc.env:B,/c}/d}/e` A where it is set, else B where that is. */
function leadingVariable(template: string, environment: Environment): string | undefined {
  const [head = '', name] = /^\$\{oc\.env:\s*([^\s,}]+)\s*,?\s*/.exec(template) ?? [];
  if (name === undefined || environment[name] !== undefined) return name;
  return leadingVariable(template.slice(head.length), environment);
}

function absolute(path: string, cwd: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(cwd, path);
}

function isDirectory(id: string, cwd: string): boolean {
  if (/^(?:\.{1,2}|~)(?:\/|$)/.test(id)) return true;
  return statSync(absolute(id, cwd), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
