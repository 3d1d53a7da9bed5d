// Torch's names of element types, in the two places where they are stored.
import type { DType } from './types.ts';

/** Names of `torch.<dtype>` in `.metadata` and in `_rebuild_tensor_v3`. */
const TORCH_DTYPES: Readonly<Record<string, DType>> = {
  'torch.float64': 'F64',
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint64': 'U64',
  'torch.uint32': 'U32',
  'torch.uint16': 'U16',
  'torch.uint8': 'U8',
  'torch.bool': 'BOOL',
};

/** Typed storages that `_rebuild_tensor_v2` names (source: torch/storage.py `_dtype_to_storage_type_map`). */
const STORAGE_DTYPES: Readonly<Record<string, DType>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** Element type of a global such as `torch.bfloat16`, or null where this package does not know it. */
export function dtypeOfGlobal(name: string): DType | null {
  return TORCH_DTYPES[name] ?? null;
}

/** Element type of a typed storage such as `torch.BFloat16Storage`, or null. */
export function dtypeOfStorage(name: string): DType | null {
  return STORAGE_DTYPES[name] ?? null;
}
