// Files that ranks elsewhere have finished, and that a network file system does not show here yet.
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stagingPaths } from '../files/staging.ts';
import { findFinished } from '../rank/done-record.ts';
import type { Pending } from '../rank/pending.ts';
import { unfinished } from './convert-failures.ts';

/** For so long, in seconds, may a network file system hide files that are there: NFS looks at a directory again after 60 at the latest. */
export const SEEN_SECONDS = 90;
const PAUSE_MS = 500;

/**
 * Listing a directory makes a network file system look anew, where opening a file that was missed before may not.
 * @throws the signal's reason; ConversionError RankFailed once `seconds` have passed
 */
export async function waitUntilSeen(
  staging: string,
  pending: Pending,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  const paths = stagingPaths(staging);
  for (;;) {
    for (const directory of [paths.done, paths.export]) await readdir(directory);
    const missing = pending.files.filter(
      ({ name, bytes }) => findFinished(staging, name, pending.byteDigest, bytes) === null,
    );
    if (missing.length === 0) return;
    if (performance.now() > deadline) {
      throw unfinished(
        missing.map(({ name }) => name),
        paths.done,
      );
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
