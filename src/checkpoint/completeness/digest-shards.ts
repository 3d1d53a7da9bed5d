// What was found complete, so that a later phase can tell whether it is still the same.
import { createHash } from 'node:crypto';
import type { Checkpoint } from '../types.ts';
import { survey } from './survey.ts';
import type { FileSeen } from './types.ts';

/**
 * sha256, hex, over name, size and time of `.metadata` and of every file that it names. Files that a save adds last (`run_config.yaml`,
 * `tokenizer/`, trackers) are not in it.
 */
export function digestShards(entries: readonly FileSeen[], checkpoint: Pick<Checkpoint, 'files'>): string {
  const hash = createHash('sha256');
  for (const { name, size, mtimeMs } of entries) {
    if (name === '.metadata' || checkpoint.files.has(name)) hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** The same, of the directory as it is now. */
export async function digestShardsNow(checkpoint: Pick<Checkpoint, 'files' | 'path'>): Promise<string> {
  const { entries } = await survey(checkpoint.path, Date.now());
  return digestShards(entries, checkpoint);
}
