// Paths as the kernel sees them: links resolved, as far as the path exists.
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** The path itself or the nearest one above it that exists. */
export async function existingParent(path: string): Promise<string> {
  const absolute = resolve(path);
  const found = await stat(absolute).catch(() => null);
  if (found || absolute === dirname(absolute)) return absolute;
  return existingParent(dirname(absolute));
}

/** The absolute path with links resolved, as far as it exists. */
export async function resolveLinks(path: string): Promise<string> {
  const absolute = resolve(path);
  const real = await realpath(absolute).catch(() => null);
  if (real) return real;
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(await resolveLinks(parent), basename(absolute));
}

/** Whether `path` lies inside `directory`; a directory does not lie inside itself. Both absolute. */
export function isBelow(path: string, directory: string): boolean {
  const rest = relative(directory, path);
  return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}
