// An export that stands at the target counts as published only when its bytes are those that its manifest tells.
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { hashFile } from './hash-file.ts';
import type { Manifest } from './manifest.ts';

/** Sizes say nothing of other weights of the same shapes. @throws ConversionError TargetRefused naming every file that differs. */
export async function refuseDamaged(target: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const different: string[] = [];
  for (const { name, sha256 } of manifest.files) {
    if ((await hashFile(join(target, name), signal)) !== sha256) different.push(name);
  }
  if (different.length === 0) return;
  const message =
    `${target} is an export of this checkpoint by its manifest, but ${different.join(', ')} no longer ${different.length === 1 ? 'has' : 'have'} the bytes ` +
    'that were published. Nothing was changed: move the directory away, or delete it, and run again; what is converted is reused.';
  throw new ConversionError('TargetRefused', message, { problems: [message], facts: { target, files: different } });
}
