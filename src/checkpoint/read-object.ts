// A non-tensor entry of a checkpoint, as inert data.
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { readArchivePickle } from './item/archive-pickle.ts';
import { openFile } from './open-file.ts';
import { commonStateGlobals } from './pickle/globals.ts';
import type { PickleValue } from './pickle/values.ts';
import type { Checkpoint } from './types.ts';

/**
 * Unpickles the byte entry `key`. Megatron saves every object as a list of one; the list is returned as it stands.
 *
 * @throws ConversionError CheckpointDamaged where there is no such entry or it is malformed, CheckpointUnsupported for globals that are not allowed.
 */
export async function readObject(checkpoint: Checkpoint, key: string): Promise<PickleValue> {
  const entry = checkpoint.objects.get(key);
  if (entry === undefined) {
    throw new ConversionError('CheckpointDamaged', `${checkpoint.path} has no object entry ${JSON.stringify(key)}.`, {
      facts: { path: checkpoint.path, key },
    });
  }
  const path = join(checkpoint.path, entry.file);
  const file = await openFile(path);
  if (file === null)
    throw new ConversionError('CheckpointDamaged', `${path} does not exist, but .metadata names it.`, {
      facts: { path },
    });
  try {
    return readArchivePickle(file.handle.fd, entry, commonStateGlobals);
  } finally {
    await file.handle.close();
  }
}
