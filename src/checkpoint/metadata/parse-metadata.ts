// The `Metadata` object of torch.distributed.checkpoint -> tensors, byte entries and files. Pure.
import { ConversionError } from '../../contract/failures.ts';
import { dtypeOfGlobal } from '../dtypes.ts';
import { describeValue, PickleGlobal, PickleRecord, type PickleValue } from '../pickle/values.ts';
import type { Checkpoint, Chunk, DType, ObjectEntry, TensorEntry } from '../types.ts';
import { damagedMetadata, mapOf, sizeOf, stateOf, nameOf } from './fields.ts';
import { chunkKey, parseStorage, type Storage } from './parse-storage.ts';

export type MetadataContent = Pick<Checkpoint, 'tensors' | 'objects' | 'files'>;

const ROOTS = [
  'torch.distributed.checkpoint.metadata.Metadata',
  'megatron.core.dist_checkpointing.strategies.torch.MCoreMetadata',
];
const MAX_PROBLEMS = 20;

/**
 * @param root what `.metadata` unpickled to.
 * @throws ConversionError CheckpointDamaged naming up to 20 problems, or CheckpointUnsupported.
 */
export function parseMetadata(root: PickleValue): MetadataContent {
  if (!(root instanceof PickleRecord) || !ROOTS.includes(root.global) || !(root.state instanceof Map)) {
    throw damagedMetadata('root', `expected ${ROOTS[0]}, found ${describeValue(root)}`);
  }
  const storage = parseStorage(root.state.get('storage_data'));
  const tensors = new Map<string, TensorEntry>();
  const objects = new Map<string, ObjectEntry>();
  const problems: string[] = [];
  let count = 0;
  for (const [name, value] of mapOf(root.state.get('state_dict_metadata'), 'state_dict_metadata')) {
    const key = nameOf(name, 'state_dict_metadata');
    if (value instanceof PickleRecord && value.global.endsWith('.BytesStorageMetadata')) {
      const item = storage.items.get(chunkKey(key, null));
      if (item !== undefined) objects.set(key, { key, ...item });
      else count = note(problems, count, `${key}: storage_data has no item for it`);
      continue;
    }
    const missing: string[] = [];
    tensors.set(key, parseTensor(key, value, storage, missing));
    for (const problem of missing) count = note(problems, count, problem);
  }
  if (count > 0) {
    const more = count > problems.length ? `\n  and ${count - problems.length} more` : '';
    throw new ConversionError('CheckpointDamaged', `.metadata contradicts itself:\n  ${problems.join('\n  ')}${more}`, {
      problems,
    });
  }
  return { tensors, objects, files: storage.files };
}

function note(problems: string[], count: number, problem: string): number {
  if (problems.length < MAX_PROBLEMS) problems.push(problem);
  return count + 1;
}

function parseTensor(key: string, value: PickleValue, storage: Storage, missing: string[]): TensorEntry {
  const state = stateOf(value, 'TensorStorageMetadata', key);
  const shape = sizeOf(state.get('size'), `${key}: size`);
  const dtype = parseDType(state.get('properties'), key);
  const described = state.get('chunks');
  if (!Array.isArray(described)) throw damagedMetadata(key, `chunks are ${describeValue(described)}`);
  const chunks: Chunk[] = [];
  for (const chunk of described) {
    const fields = stateOf(chunk, 'ChunkStorageMetadata', key);
    const offsets = sizeOf(fields.get('offsets'), `${key}: chunk offsets`);
    const sizes = sizeOf(fields.get('sizes'), `${key}: chunk sizes`);
    const item =
      storage.items.get(chunkKey(key, offsets)) ?? (described.length === 1 ? storage.items.get(key) : undefined);
    const inside =
      offsets.length === shape.length &&
      sizes.length === shape.length &&
      shape.every((size, axis) => (offsets[axis] ?? 0) + (sizes[axis] ?? 0) <= size);
    if (!inside)
      missing.push(
        `${key}: a chunk at [${offsets.join(', ')}] of sizes [${sizes.join(', ')}] lies outside the shape [${shape.join(', ')}]`,
      );
    else if (item === undefined)
      missing.push(`${key}: storage_data has no item for the chunk at [${offsets.join(', ')}]`);
    else chunks.push({ offsets, sizes, ...item });
  }
  return { key, dtype, shape, chunks };
}

/** TensorProperties keeps its state as the tuple `(dtype, layout, requires_grad, memory format, pin_memory)`; older torch as a dict. */
function parseDType(value: PickleValue | undefined, key: string): DType {
  const state = value instanceof PickleRecord && value.global.endsWith('.TensorProperties') ? value.state : undefined;
  const stored = Array.isArray(state) ? state[0] : state instanceof Map ? state.get('dtype') : undefined;
  if (!(stored instanceof PickleGlobal)) throw damagedMetadata(key, `the element type is ${describeValue(stored)}`);
  const dtype = dtypeOfGlobal(stored.name);
  if (dtype === null) {
    throw new ConversionError(
      'CheckpointUnsupported',
      `.metadata: ${key} has elements of ${stored.name}, which safetensors cannot hold.`,
      {
        problems: [`${key}: element type ${stored.name}`],
      },
    );
  }
  return dtype;
}
