// The progress of ranks that cannot tell it: records and sizes of files in staging.
import { basename, join } from 'node:path';
import { namesIfThere, sizeIfThere } from '../files/if-there.ts';
import { attemptDirectory, doneFile, stagingPaths } from '../files/staging.ts';
import { findFinished } from '../rank/done-record.ts';
import type { Pending } from '../rank/pending.ts';
import type { RankEvent } from '../rank/types.ts';

/**
 * A look at the files of an attempt, as events of its ranks: what was finished and what has grown since the look before. The answer is a
 * text that changes with each byte.
 */
export function watchFiles(
  staging: string,
  { byteDigest, files }: Pending,
  onEvent: (event: RankEvent) => void,
): (attempt: number) => Promise<string> {
  const open = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const sizes = new Map<string, number>();
  return async (attempt) => {
    // Two listings, and not a question for each of thousands of files that nobody has begun.
    const begun = new Set(await namesIfThere(attemptDirectory(staging, attempt)));
    const recorded = new Set(await namesIfThere(stagingPaths(staging).done));
    for (const [file, whole] of open) {
      const bytes = begun.has(file) ? await sizeIfThere(join(attemptDirectory(staging, attempt), file)) : null;
      if (bytes !== null) {
        if (bytes !== sizes.get(file)) onEvent({ event: 'progress', rank: 0, file, bytes });
        sizes.set(file, bytes);
        continue;
      }
      const record = recorded.has(basename(doneFile(staging, file)))
        ? findFinished(staging, file, byteDigest, whole)
        : null;
      if (record === null) continue;
      open.delete(file);
      sizes.delete(file);
      const { rank, bytesRead, seconds } = record;
      onEvent({ event: 'file', rank, file, bytes: whole, bytesRead, seconds });
    }
    return `${open.size} left, ${[...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)} bytes`;
  };
}
