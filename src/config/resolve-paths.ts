// Relative paths mean the caller's own directory; a workflow on another machine must only ever see absolute ones.
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { MANDATORY, type Leaves } from './leaf.ts';

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

function absolute(path: string, cwd: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(cwd, path);
}

function isDirectory(id: string, cwd: string): boolean {
  if (/^(?:\.{1,2}|~)(?:\/|$)/.test(id)) return true;
  return statSync(absolute(id, cwd), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
