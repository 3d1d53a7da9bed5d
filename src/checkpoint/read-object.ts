// A non-tensor entry of a checkpoint, as inert data.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { readArchivePickle } from './item/archive-pickle.ts';
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
  const file = await open(join(checkpoint.path, entry.file));
  try {
    return readArchivePickle(file.fd, entry, commonStateGlobals);
  } finally {
    await file.close();
  }
}
