// The non-tensor state: a file `common.pt` up to core 0.18, an entry `common_state/shard_0_1` from core 0.19 on.
import { join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { readArchivePickle } from './item/archive-pickle.ts';
import { commonStateGlobals } from './pickle/globals.ts';
import { openFile } from './open-file.ts';
import { describeValue, type PickleValue } from './pickle/values.ts';
import { readObject } from './read-object.ts';
import type { Checkpoint } from './types.ts';

export type CommonState =
  | { readonly form: 'common.pt' | 'entry'; readonly values: ReadonlyMap<PickleValue, PickleValue> }
  | { readonly form: 'absent' };

/** Key of the entry, or null: `{key}/shard_{offset}_{shape}` (source: dist_checkpointing/mapping.py `ShardedObject.unique_key`). */
export function commonStateKey(checkpoint: Checkpoint): string | null {
  return checkpoint.objects.has('common_state/shard_0_1') ? 'common_state/shard_0_1' : null;
}

/**
 * Reads the common state; the file wins where both exist, as in Megatron's loader.
 *
 * @throws ConversionError CheckpointDamaged for a malformed one, CheckpointUnsupported naming a class that is not read.
 */
export async function readCommonState(checkpoint: Checkpoint): Promise<CommonState> {
  const fromFile = await readStateFile(checkpoint.path, 'common.pt');
  if (fromFile !== null) return { form: 'common.pt', values: stateMap(fromFile, 'common.pt') };
  const key = commonStateKey(checkpoint);
  if (key === null) return { form: 'absent' };
  const list = await readObject(checkpoint, key);
  return { form: 'entry', values: stateMap(Array.isArray(list) ? list[0] : list, key) };
}

/**
 * A file of the checkpoint that `torch.save` wrote, read with the limits of the common state; null where there is none.
 *
 * @param name - relative to `path`
 * @throws ConversionError as `readCommonState`.
 */
export async function readStateFile(path: string, name: string): Promise<PickleValue | null> {
  const file = await openFile(join(path, name));
  if (file === null) return null;
  try {
    return readArchivePickle(file.handle.fd, { file: name, offset: 0, length: file.size }, commonStateGlobals);
  } finally {
    await file.handle.close();
  }
}

function stateMap(value: PickleValue | undefined, where: string): ReadonlyMap<PickleValue, PickleValue> {
  if (value instanceof Map) return value;
  throw new ConversionError(
    'CheckpointDamaged',
    `${where}: the common state is ${describeValue(value)} instead of a dict.`,
  );
}
