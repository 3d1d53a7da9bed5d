// The operator's fence: paths of a request lie below one of the worker's allowed roots, after links are resolved.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { isMissing } from './error-code.ts';
import { isBelow, resolveLinks } from './resolve-path.ts';

/** Why the path may not be used, a sentence with what to do; null where it may. `name` says what the path is, such as `hf_path`. */
export async function findOutside(name: string, path: string, roots: readonly string[]): Promise<string | null> {
  const real = await resolveLinks(path);
  for (const root of roots) {
    const realRoot = await resolveLinks(root);
    if (real === realRoot || isBelow(real, realRoot)) return null;
  }
  return (
    `${name} ${path}${real === path ? '' : ` (really ${real})`} is outside what this worker may use (${roots.join(', ')}). ` +
    'Choose a path below one of these, or ask the operator to extend allowed_roots in the worker configuration.'
  );
}

/** Links in a directory that lead out of the roots, a sentence each. */
export async function findLinksOutside(directory: string, roots: readonly string[]): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const links = entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(directory, name));
  const found = await Promise.all(links.map((link) => findOutside('the link', link, roots)));
  return found.filter((problem) => problem !== null);
}

/** @throws ConversionError PolicyRefused when the path lies below none of the roots. */
export async function refuseOutside(name: string, path: string, roots: readonly string[]): Promise<void> {
  const problem = await findOutside(name, path, roots);
  if (problem !== null)
    throw new ConversionError('PolicyRefused', problem, { problems: [problem], facts: { path, allowed_roots: roots } });
}
