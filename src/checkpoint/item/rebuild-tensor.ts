// What `data.pkl` says of a tensor: the arguments of torch._utils `_rebuild_tensor_v2`, `_rebuild_tensor_v3`, `_rebuild_parameter`.
import { dtypeOfGlobal, dtypeOfStorage } from '../dtypes.ts';
import { describeValue, PersistentId, PickleGlobal, PickleRecord, type PickleValue } from '../pickle/values.ts';
import type { DType, ItemLocation } from '../types.ts';
import { DTYPE_BYTES } from '../types.ts';
import { damagedItem, unsupportedItem } from './problems.ts';

export interface RebuiltTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** In elements. */
  readonly storageOffset: number;
  /** Name of the entry below `data/`. */
  readonly storageKey: string;
  /** What the storage must have, in bytes. */
  readonly storageBytes: number;
}

/** @throws ConversionError CheckpointDamaged for a malformed description, CheckpointUnsupported for another kind of object or element. */
export function parseTensor(value: PickleValue, item: ItemLocation): RebuiltTensor {
  if (!(value instanceof PickleRecord)) throw damagedItem(item, `a tensor was expected, found ${describeValue(value)}`);
  const { global, args } = unwrapParameter(value);
  const wide = global === 'torch._utils._rebuild_tensor_v3';
  if (!wide && global !== 'torch._utils._rebuild_tensor_v2') {
    throw unsupportedItem(item, `a tensor was expected, found ${describeValue(value)}`);
  }
  const storage = parseStorage(args[0], item);
  const dtype = wide ? typedBy(args[6], item) : storage.dtype;
  if (dtype === null) throw damagedItem(item, 'an untyped storage without an element type');
  const shape = counts(args[2], 'shape', item);
  const strides = counts(args[3], 'strides', item);
  if (shape.length !== strides.length) throw damagedItem(item, `${shape.length} sizes but ${strides.length} strides`);
  return {
    dtype,
    shape,
    strides,
    storageOffset: count(args[1], 'storage offset', item),
    storageKey: storage.key,
    storageBytes: storage.count * (storage.dtype === null ? 1 : DTYPE_BYTES[storage.dtype]),
  };
}

/** `_rebuild_parameter(tensor, requires_grad, hooks)`: one layer only, as a pickle could nest it in itself. */
function unwrapParameter(record: PickleRecord): PickleRecord {
  const [data] = record.args;
  return record.global === 'torch._utils._rebuild_parameter' && data instanceof PickleRecord ? data : record;
}

/** The persistent id `('storage', <XStorage>, key, location, count)`; an untyped storage counts bytes. */
function parseStorage(
  value: PickleValue | undefined,
  item: ItemLocation,
): { dtype: DType | null; key: string; count: number } {
  const id = value instanceof PersistentId ? value.id : null;
  const [tag, type, key, , elements] = Array.isArray(id) ? id : [];
  if (tag !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string') {
    throw damagedItem(item, `a storage was expected, found ${describeValue(value)}`);
  }
  const dtype = dtypeOfStorage(type.name);
  if (dtype === null && type.name !== 'torch.storage.UntypedStorage') {
    throw unsupportedItem(item, `elements of ${type.name} are not supported`);
  }
  return { dtype, key, count: count(elements, 'storage size', item) };
}

function typedBy(value: PickleValue | undefined, item: ItemLocation): DType {
  const dtype = value instanceof PickleGlobal ? dtypeOfGlobal(value.name) : null;
  if (dtype === null) throw unsupportedItem(item, `element type ${describeValue(value)} is not supported`);
  return dtype;
}

function counts(value: PickleValue | undefined, what: string, item: ItemLocation): number[] {
  if (!Array.isArray(value) || value.length > 64) throw damagedItem(item, `the ${what} is ${describeValue(value)}`);
  return value.map((entry) => count(entry, what, item));
}

function count(value: PickleValue | undefined, what: string, item: ItemLocation): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw damagedItem(item, `the ${what} is ${describeValue(value)}`);
  }
  return value;
}
