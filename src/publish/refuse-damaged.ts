// An export that stands at the target counts as published only when its bytes are those that its manifest tells.
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { addedFiles } from './added-files.ts';
import { hashFile } from './hash-file.ts';
import type { Manifest } from './manifest.ts';

/**
 * Sizes say nothing of other weights of the same shapes.
 *
 * @param entries of the target
 * @throws ConversionError TargetRefused naming every file that differs, or was added for a loader to read.
 */
export async function refuseDamaged(
  target: string,
  manifest: Manifest,
  entries: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const added = addedFiles(entries, manifest);
  const different: string[] = [];
  for (const { name, sha256 } of manifest.files) {
    if ((await hashFile(join(target, name), signal)) !== sha256) different.push(name);
  }
  const changed = different.map((name) => `${name} no longer has the bytes that were published`);
  const problems = [...changed, ...added];
  if (problems.length === 0) return;
  const message =
    `${target} is an export of this checkpoint by its manifest, but ${problems.join('; ')}. ` +
    'Nothing was changed: move the directory away, or delete it, and run again; what is converted is reused.';
  throw new ConversionError('TargetRefused', message, { problems: [message], facts: { target, files: different } });
}
