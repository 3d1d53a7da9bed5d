// The `data.pkl` of a torch archive that holds an object instead of a tensor: a byte entry of a shard, or a whole `common.pt`.
import type { GlobalPolicy } from '../pickle/globals.ts';
import { unpickle } from '../pickle/unpickle.ts';
import type { PickleValue } from '../pickle/values.ts';
import type { ItemLocation } from '../types.ts';
import { archivePrefix, readSmallEntry } from './archive.ts';
import { PositionalBytes } from './positional-bytes.ts';
import { readZipDirectory } from './zip-directory.ts';

/** Room for the scheduler and optimizer settings of any run; tensors are entries of their own. */
const MAX_OBJECT_PICKLE_BYTES = 64 * 1024 * 1024;

/**
 * Tensors inside the object stay inert records with a persistent id.
 *
 * @param file descriptor of the open file.
 * @throws ConversionError CheckpointDamaged, CheckpointUnsupported.
 */
export function readArchivePickle(file: number, item: ItemLocation, allows: GlobalPolicy): PickleValue {
  const bytes = new PositionalBytes(file, item);
  const entries = readZipDirectory(bytes);
  const pickle = readSmallEntry(bytes, entries, `${archivePrefix(bytes, entries)}data.pkl`, MAX_OBJECT_PICKLE_BYTES);
  return unpickle(pickle, allows, `data.pkl of the item at byte ${item.offset} of ${item.file}`);
}
