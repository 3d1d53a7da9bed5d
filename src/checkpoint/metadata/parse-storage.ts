// `Metadata.storage_data`: which item holds which chunk.
import { ConversionError } from '../../contract/failures.ts';
import { describeValue, type PickleValue } from '../pickle/values.ts';
import type { ItemLocation } from '../types.ts';
import { countOf, damagedMetadata, mapOf, sizeOf, stateOf, nameOf } from './fields.ts';

export interface Storage {
  /** Items by `chunkKey`. */
  readonly items: ReadonlyMap<string, ItemLocation>;
  /** Bytes that each file must have at least. */
  readonly files: ReadonlyMap<string, number>;
}

/** Identity of a chunk: MetadataIndex compares name and offsets only. Byte entries have no offsets. */
export function chunkKey(name: string, offsets: readonly number[] | null): string {
  return offsets === null ? name : `${name}\0${offsets.join(',')}`;
}

/** @throws ConversionError CheckpointDamaged, or CheckpointUnsupported for items that a stream transform wrote. */
export function parseStorage(value: PickleValue | undefined): Storage {
  const items = new Map<string, ItemLocation>();
  const files = new Map<string, number>();
  const names = new Map<string, string>();
  for (const [index, info] of mapOf(value, 'storage_data')) {
    const indexState = stateOf(index, 'MetadataIndex', 'storage_data');
    const name = nameOf(indexState.get('fqn'), 'storage_data: fqn');
    const offsets = indexState.get('offset') ?? null;
    const key = chunkKey(name, offsets === null ? null : sizeOf(offsets, `${name}: offset`));
    const location = parseLocation(info, name, names);
    if (items.has(key)) throw damagedMetadata(name, 'one chunk is stored twice');
    items.set(key, location);
    files.set(location.file, Math.max(files.get(location.file) ?? 0, location.offset + location.length));
  }
  return { items, files };
}

function parseLocation(value: PickleValue, name: string, names: Map<string, string>): ItemLocation {
  const state = stateOf(value, '_StorageInfo', name);
  const transforms = state.get('transform_descriptors') ?? null;
  if (transforms !== null && !(Array.isArray(transforms) && transforms.length === 0)) {
    const which = Array.isArray(transforms) ? transforms.map(describeValue).join(', ') : describeValue(transforms);
    throw new ConversionError(
      'CheckpointUnsupported',
      `.metadata: ${name} was written through stream transforms (${which}), which are not read.`,
      {
        problems: [`${name}: transform_descriptors ${which}`],
      },
    );
  }
  const path = nameOf(state.get('relative_path'), `${name}: relative_path`);
  let file = names.get(path);
  if (file === undefined) {
    // A path that leads elsewhere would let a checkpoint read any file of the worker.
    if (path === '' || path === '.' || path === '..' || /[/\\]/.test(path)) {
      throw damagedMetadata(name, `the file name ${JSON.stringify(path)} leads out of the directory`);
    }
    names.set(path, path);
    file = path;
  }
  const offset = countOf(state.get('offset'), `${name}: offset in the file`);
  const length = countOf(state.get('length'), `${name}: length`);
  if (!Number.isSafeInteger(offset + length))
    throw damagedMetadata(name, `offset ${offset} + length ${length} is out of range`);
  return { file, offset, length };
}
