// A directory that several test workers, in processes of their own, may want at once: one builds it, the others wait.
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A builder that lives renews its lock; one that was killed does not. Milliseconds. */
const RENEWAL = 2_000;
const DEAD_AFTER = 20_000;

/**
 * Returns once `target` exists. Whoever gets `lock` builds, which may make other targets too; the others wait for theirs and build
 * themselves where the builder before them ended without it. `build` lets the target appear by one rename.
 *
 * @param limit how long to wait for another builder, milliseconds
 * @throws what `build` throws; Error when another builder takes longer than `limit`
 */
export async function buildOnce(
  target: string,
  lock: string,
  limit: number,
  build: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + limit;
  while ((await modifiedAt(target)) === null) {
    if (await takeLock(lock)) await buildUnder(lock, target, build);
    else if (Date.now() > deadline) throw new Error(`waited ${limit / 1000} s for another builder of ${target}`);
    else await sleep(250);
  }
}

async function buildUnder(lock: string, target: string, build: () => Promise<void>): Promise<void> {
  const renewal = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => undefined), RENEWAL);
  try {
    // Another builder may have ended between the look at the target and the lock.
    if ((await modifiedAt(target)) === null) await build();
    if ((await modifiedAt(target)) === null) throw new Error(`the build has ended, and ${target} is not there`);
  } finally {
    clearInterval(renewal);
    await rm(lock, { recursive: true, force: true });
  }
}

/** True when the lock is ours. One that nobody has renewed for a while is put away, by a rename that only one can win. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const renewed = await modifiedAt(lock);
  if (renewed === null || Date.now() - renewed < DEAD_AFTER) return false;
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
    await rm(aside, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return false;
}

/** Milliseconds since 1970, or null where there is nothing. */
export async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
