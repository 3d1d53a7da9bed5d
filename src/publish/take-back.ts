// What an interrupted publishing moved goes back to where the phases before it look.
import { existsSync } from 'node:fs';
import type { Surroundings } from '../contract/surroundings.ts';
import { stagingPaths } from '../files/staging.ts';
import { returnFiles } from './gather-files.ts';
import { takeOwnership } from './ownership.ts';

/**
 * Nothing is done, and no ownership needed, where nothing was moved. Of an earlier run of the same workflow, which may still be at its
 * publishing, the target is taken over: its next step ends it.
 *
 * @throws ConversionError TargetOwned when somebody else is at work on `target`
 */
export async function takeBack(
  target: string,
  staging: string,
  byteDigest: string,
  surroundings: Pick<Surroundings, 'worker' | 'isOwnerAlive'>,
): Promise<void> {
  if (!existsSync(stagingPaths(staging).publish)) return;
  await takeOwnership(target, byteDigest, surroundings);
  await returnFiles(staging);
}
