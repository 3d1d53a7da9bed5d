// What an interrupted overwriting leaves: the old target under `.<name>.old-<digest>`. Finish it, or roll it back.
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { syncPath } from '../files/durable.ts';
import { setAsidePath } from '../files/staging.ts';
import { findSetAside, readTarget } from './target-state.ts';

export interface Recovery {
  /** An old target was removed because its successor stands. */
  readonly finished: boolean;
  readonly warnings: readonly string[];
}

/**
 * With no target, the old one is put back. With the successor in place, the old one is removed. Anything else is left and reported:
 * nothing is deleted in doubt. Only the owner of the target may call this.
 */
export async function recoverTarget(target: string): Promise<Recovery> {
  const setAside = await newestFirst(await findSetAside(target));
  const [newest, ...others] = setAside;
  if (newest === undefined) return { finished: false, warnings: [] };
  const state = await readTarget(target);
  if (state.kind === 'absent' || state.kind === 'empty') {
    await rename(newest, target);
    await syncPath(dirname(resolve(target)));
    return {
      finished: false,
      warnings: [`${target} was put back after an interrupted overwriting`, ...leftOver(others)],
    };
  }
  const ours = state.kind === 'export' ? setAsidePath(target, state.manifest.byte_digest) : null;
  if (ours === null || !setAside.includes(ours)) return { finished: false, warnings: leftOver(setAside) };
  await rm(ours, { recursive: true, force: true });
  return { finished: true, warnings: leftOver(setAside.filter((path) => path !== ours)) };
}

function leftOver(paths: readonly string[]): string[] {
  return paths.map((path) => `an interrupted overwriting left ${path}; remove it when it is not needed`);
}

/** A rename sets the change time of what it renames. */
async function newestFirst(paths: readonly string[]): Promise<string[]> {
  const dated = await Promise.all(paths.map(async (path) => ({ path, changed: (await stat(path)).ctimeMs })));
  return dated.sort((a, b) => b.changed - a.changed).map(({ path }) => path);
}
