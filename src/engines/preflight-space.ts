// Whether the export fits on the disk of its target.
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../contract/units.ts';
import { doneFile, stagingPath, stagingPaths } from '../files/staging.ts';
import { existingParent } from '../files/resolve-path.ts';

/** Room for config, tokenizer, plan and records. */
const SMALL_FILES = 64 * 1024 * 1024;

/** What is to be written; sizes in bytes. */
export interface Outline {
  readonly byteDigest: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** What is on the disk of attempts that are over, and is removed before anything is written. */
  readonly abandoned?: number;
}

/** A sentence, or null where there is enough room. Files that an earlier attempt finished need none. */
export async function spaceProblem(target: string, plan: Outline): Promise<string | null> {
  const place = await existingParent(target);
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const total = plan.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const finished = await finishedBytes(stagingPath(target, plan.byteDigest), plan.files);
  const needed = total - finished - (plan.abandoned ?? 0) + SMALL_FILES;
  if (free >= needed) return null;
  const reuse = finished > 0 ? `, ${formatBytes(finished)} of it already written` : '';
  return (
    `the export needs ${formatBytes(total)}${reuse}, but the file system of ${place} has ${formatBytes(free)} free. ` +
    `Free ${formatBytes(needed - free)} (${needed - free} bytes), or choose an hf_path on another file system.`
  );
}

async function finishedBytes(staging: string, files: Outline['files']): Promise<number> {
  const sizes = await Promise.all(
    files.map(async ({ name, bytes }) => {
      const done = await stat(doneFile(staging, name)).catch(() => null);
      // A publish that did not come to its end has moved files; the conversion takes them back.
      const places = [stagingPaths(staging).export, stagingPaths(staging).publish];
      const found = await Promise.all(places.map((place) => stat(join(place, name)).catch(() => null)));
      return done && found.some((file) => file?.size === bytes) ? bytes : 0;
    }),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
